// What others wrote, made fit for a message or a file.
#include "sim/base/printable.hpp"

#include <rapidcheck.h>

#include "sim/base/strict_json.hpp"
#include "tests/catch.hpp"

namespace wattline {
namespace {

constexpr std::size_t nowhere = std::string_view::npos;

TEST_CASE("Printable text stays as it is, in any script") {
  for (const char* text : {"", "a b.csv", "caf\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "C:\\x41"}) {
    CHECK(printable(text) == text);
    CHECK(first_not_utf8(text) == nowhere);
  }
}

TEST_CASE("Control characters and bytes that are no UTF-8 are shown by their numbers") {
  CHECK(printable("caf\xE9.csv") == "caf\\xe9.csv");
  CHECK(printable("two\nlines\t\x7F") == "two\\x0alines\\x09\\x7f");
  CHECK(printable(std::string_view("a\0b", 3)) == "a\\x00b");
  CHECK(first_not_utf8("caf\xE9.csv") == 3);
}

TEST_CASE("Overlong forms, surrogates, cut characters and what is beyond Unicode are no UTF-8") {
  for (const char* text :
       {"\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80",
        "\xF5\x80\x80\x80", "\x80", "\xC3", "\xE2\x82", "\xE2\x28\xA1"})
    CHECK(first_not_utf8(text) == 0);
}

TEST_CASE("Whatever the bytes are, what is shown is UTF-8 and can be written as JSON") {
  CHECK(rc::check("any bytes", [](const std::string& bytes) {
    const std::string shown = printable(bytes);
    RC_ASSERT(first_not_utf8(shown) == nowhere);
    RC_ASSERT(Json::parse(Json(shown).dump()).get<std::string>() == shown);
    RC_ASSERT(printable(shown) == shown);
  }));
}

}  // namespace
}  // namespace wattline
