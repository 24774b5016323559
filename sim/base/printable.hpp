// Text that somebody else wrote (a file's name, a field), as it may stand in a message or in a file of ours.
#pragma once

#include <string>
#include <string_view>

namespace wattline {

// Where the first byte is that is no part of UTF-8 (RFC 3629); npos where there is none.
std::size_t first_not_utf8(std::string_view text);

// `text` with each control character and each byte that is no part of UTF-8 as "\xHH": one line of UTF-8.
std::string printable(std::string_view text);

}  // namespace wattline
