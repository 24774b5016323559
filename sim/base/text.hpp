// Numbers and names as text: strict parsing, shortest exact printing, nearest known name.
// Nothing here depends on the locale.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wattline {

// The whole of `text` as a number, or nothing. No surrounding blanks, no hexadecimal, no "inf", no "nan".
std::optional<double> parse_double(std::string_view text);
std::optional<std::int64_t> parse_int(std::string_view text);

// Shortest decimal text that reads back as the same double ("0.1", "1e-07").
std::string shortest(double value);

// `text` without blanks, tabs and a carriage return at its ends.
std::string_view trimmed(std::string_view text);

// Splits at every `separator`; "a,,b" gives three parts.
std::vector<std::string_view> split(std::string_view text, char separator);

// The member of `known` with the least edit distance to `name`, if that is near enough to be a
// likely slip of the pen (at most 2 edits, or a third of the length).
std::optional<std::string> nearest_name(std::string_view name, std::span<const std::string> known);

// "'nam' is not a known X; did you mean 'name'? known: a, b" (the suggestion only where there is one).
std::string unknown_name_message(std::string_view what, std::string_view name,
                                 std::span<const std::string> known);

// "a, b, c"
std::string joined(std::span<const std::string> parts, std::string_view separator = ", ");

}  // namespace wattline
