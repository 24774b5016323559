// Strict numbers and near names (sim/base/text).
#include "sim/base/text.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "tests/catch.hpp"

namespace wattline {
namespace {

// The textbook recursion, memoised nowhere: slow, and nothing like the code under test.
std::size_t distance_by_recursion(const std::string& a, const std::string& b) {
  if (a.empty()) return b.size();
  if (b.empty()) return a.size();
  const std::size_t substituted = distance_by_recursion(a.substr(1), b.substr(1)) + (a[0] == b[0] ? 0u : 1u);
  return std::min(
      {substituted, distance_by_recursion(a.substr(1), b) + 1, distance_by_recursion(a, b.substr(1)) + 1});
}

std::string short_word() {
  return *rc::gen::resize(5, rc::gen::container<std::string>(rc::gen::elementOf(std::string("abc"))));
}

TEST_CASE("A number is read whole or not at all") {
  CHECK(parse_double("0") == 0.0);
  CHECK(parse_double("-12.5") == -12.5);
  CHECK(parse_double("1e3") == 1000.0);
  CHECK(parse_double("6.02E23") == 6.02e23);
  CHECK(parse_double(".5") == 0.5);
  for (const char* text : {"", " ", "1 ", " 1", "+1", "1,5", "1.5x", "1e", "e5", "--1", "1_000", "1'000",
                           "0x10", "0x1p3", "1.5.2", "one", "1\n", "1\t"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_double(text).has_value());
  }
}

TEST_CASE("Infinities, not-a-number and numbers beyond a double are no numbers") {
  for (const char* text :
       {"inf", "-inf", "infinity", "INF", "nan", "NaN", "-nan", "nan(1)", "1e999", "-1e999"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_double(text).has_value());
  }
  CHECK(parse_double("1.7976931348623157e308") == std::numeric_limits<double>::max());
}

TEST_CASE("A text that holds a zero byte is no number") {
  CHECK_FALSE(parse_double(std::string_view("1\0", 2)).has_value());
  CHECK_FALSE(parse_int(std::string_view("1\0", 2)).has_value());
}

TEST_CASE("A whole number is decimal digits with at most a minus sign") {
  CHECK(parse_int("0") == 0);
  CHECK(parse_int("-7") == -7);
  CHECK(parse_int("007") == 7);
  CHECK(parse_int("9223372036854775807") == INT64_MAX);
  CHECK(parse_int("-9223372036854775808") == INT64_MIN);
  for (const char* text : {"", "-", "+1", " 1", "1 ", "1.0", "1e3", "0x1F", "12a", "9223372036854775808",
                           "-9223372036854775809", "99999999999999999999"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_int(text).has_value());
  }
}

TEST_CASE("The shortest text is the one that people write") {
  CHECK(shortest(0.1) == "0.1");
  CHECK(shortest(10) == "10");
  CHECK(shortest(1e-7) == "1e-07");
  CHECK(shortest(-2.5) == "-2.5");
  CHECK(shortest(0) == "0");
  CHECK(shortest(-0.0) == "0");
  CHECK(shortest(1.0 / 3) == "0.3333333333333333");
}

TEST_CASE("Every finite double is printed so that it reads back, and not longer than needed") {
  CHECK(rc::check("shortest() and strtod() are inverse; 17 digits are always enough", [] {
    const double value = std::bit_cast<double>(*rc::gen::arbitrary<std::uint64_t>());
    RC_PRE(std::isfinite(value));
    const std::string text = shortest(value);
    RC_ASSERT(std::strtod(text.c_str(), nullptr) == value);
    RC_ASSERT(parse_double(text) == value);
    // No text of fewer significant digits reads back: the one of %.{n-1}e does not.
    std::string digits;
    for (const char c : text.substr(0, text.find('e'))) {
      if (c >= '0' && c <= '9') digits += c;
    }
    digits.erase(0, digits.find_first_not_of('0'));
    while (!digits.empty() && digits.back() == '0') digits.pop_back();
    RC_ASSERT(digits.size() <= 17);
    if (digits.size() > 1) {
      char shorter[40];
      std::snprintf(shorter, sizeof shorter, "%.*e", static_cast<int>(digits.size()) - 2, value);
      RC_ASSERT(std::strtod(shorter, nullptr) != value);
    }
  }));
  CHECK(rc::check("whole numbers survive printing and reading",
                  [](std::int64_t value) { RC_ASSERT(parse_int(std::to_string(value)) == value); }));
}

TEST_CASE("Blanks are trimmed from the ends only") {
  CHECK(trimmed("  a b\t\r") == "a b");
  CHECK(trimmed("a") == "a");
  CHECK(trimmed(" \t\r ").empty());
  CHECK(trimmed("").empty());
}

TEST_CASE("Splitting keeps empty parts, and joining undoes it") {
  CHECK(split("a,,b", ',') == std::vector<std::string_view>{"a", "", "b"});
  CHECK(split("", ',') == std::vector<std::string_view>{""});
  CHECK(split("a,", ',') == std::vector<std::string_view>{"a", ""});
  CHECK(rc::check("join(split(text)) is the text", [] {
    const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string("ab,;")));
    std::vector<std::string> parts;
    for (const std::string_view part : split(text, ',')) parts.emplace_back(part);
    RC_ASSERT(static_cast<std::ptrdiff_t>(parts.size()) == std::count(text.begin(), text.end(), ',') + 1);
    RC_ASSERT(joined(parts, ",") == text);
  }));
}

TEST_CASE("The nearest name is at most two edits away, or a third of the length") {
  const std::vector<std::string> known = {"resnet18", "resnet50", "mobilenet_v3_large", "lstm"};
  CHECK(nearest_name("resnet51", known) == "resnet50");
  CHECK(nearest_name("resnet", known) == "resnet18");         // two away from both: the first wins
  CHECK(nearest_name("ltsm", known) == "lstm");               // a swap is two edits
  CHECK(nearest_name("mobilenetv3", known) == std::nullopt);  // 7 edits of 11 letters
  CHECK(nearest_name("mobilenetv3large", known) == "mobilenet_v3_large");
  CHECK(nearest_name("bert", known) == std::nullopt);
  CHECK(nearest_name("lstm", {}) == std::nullopt);
  CHECK(nearest_name(std::string(201, 'x'), std::vector{std::string(201, 'x')}) == std::nullopt);
}

TEST_CASE("The nearest name is the one of least edit distance, whatever the names") {
  CHECK(rc::check("as an exhaustive recursion finds it", [] {
    const std::string name = short_word();
    std::vector<std::string> known;
    for (int i = *rc::gen::inRange(0, 4); i > 0; --i) known.push_back(short_word());
    std::optional<std::string> expected;
    std::size_t least = std::max<std::size_t>(2, name.size() / 3);
    for (const std::string& candidate : known) {
      const std::size_t distance = distance_by_recursion(name, candidate);
      if (distance < least || (distance == least && !expected)) {
        least = distance;
        expected = candidate;
      }
    }
    RC_ASSERT(nearest_name(name, known) == expected);
  }));
}

TEST_CASE("An unknown name is answered with the likely one and all that are known") {
  const std::vector<std::string> known = {"gmd", "maxn"};
  CHECK(unknown_name_message("value", "gmb", known) ==
        "'gmb' is not a known value, did you mean 'gmd'?; known: gmd, maxn");
  CHECK(unknown_name_message("value", "random", known) == "'random' is not a known value; known: gmd, maxn");
  const std::string flood = unknown_name_message("value", std::string(10'000, 'x'), known);
  CHECK(flood.size() < 300);
}

}  // namespace
}  // namespace wattline
