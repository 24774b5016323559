// Fields read through an ObjectReader (sim/base/strict_json): types, ranges, unknown keys, first errors.
#include <rapidcheck.h>

#include <cmath>
#include <functional>
#include <limits>

#include "sim/base/strict_json.hpp"
#include "tests/catch.hpp"

namespace wattline {
namespace {

// The error that `read` meets in `text`; empty when there is none.
std::string error_of(const std::string& text, const std::function<void(ObjectReader&)>& read) {
  const auto json = parse_json(text, "f.json");
  REQUIRE(json.ok());
  MaybeError error;
  ObjectReader in(*json, "f.json", error);
  read(in);
  in.reject_unknown_keys();
  return error ? error->message : "";
}

std::string number_error(const std::string& value, Range range) {
  return error_of("{\"x\": " + value + "}", [&](ObjectReader& in) {
    const double read = in.number("x", range);
    CHECK(std::isfinite(read));  // inside the range even after an error
    CHECK(read <= range.high);
    CHECK((range.open_low ? read > range.low : read >= range.low));
  });
}

std::string integer_error(const std::string& value, std::int64_t low, std::int64_t high) {
  return error_of("{\"x\": " + value + "}", [&](ObjectReader& in) {
    const std::int64_t read = in.integer("x", low, high);
    CHECK(read >= low);
    CHECK(read <= high);
  });
}

std::vector<double> numbers_of(const std::string& value, Range range, std::string& error) {
  std::vector<double> list;
  error = error_of("{\"x\": " + value + "}", [&](ObjectReader& in) { list = in.numbers("x", range); });
  CHECK_FALSE(list.empty());  // as the contract has it, even after an error
  return list;
}

std::vector<double> good_numbers(const std::string& value) {
  std::string error;
  const auto list = numbers_of(value, between(0, 100), error);
  CHECK(error.empty());
  return list;
}

std::string numbers_error(const std::string& value, Range range = between(0, 100)) {
  std::string error;
  numbers_of(value, range, error);
  return error;
}

TEST_CASE("A number is accepted up to both ends of its range, without an open low end") {
  CHECK(number_error("0", between(0, 1)).empty());
  CHECK(number_error("1", between(0, 1)).empty());
  CHECK(number_error("1e-300", above(0, 1)).empty());
  CHECK(number_error("0", above(0, 1)) ==
        "f.json: x: 0 is not accepted; a number above 0 and at most 1 is expected");
  CHECK(number_error("1.5", between(0, 1)) ==
        "f.json: x: 1.5 is not accepted; a number of at least 0 and at most 1 is expected");
  CHECK(number_error("-1e-9", between(0, 1)) ==
        "f.json: x: -1e-09 is not accepted; a number of at least 0 and at most 1 is expected");
  CHECK(number_error("-1", between(0, std::numeric_limits<double>::infinity())) ==
        "f.json: x: -1 is not accepted; a number of at least 0 is expected");
}

TEST_CASE("A value of another type is no number, and the message shows it") {
  for (const char* value : {"\"1\"", "true", "null", "[1]", "{\"y\":1}"}) {
    CAPTURE(value);
    const std::string message = number_error(value, between(0, 1));
    CHECK(message == std::string("f.json: x: ") + value +
                         " is not accepted; a number of at least 0 and at most 1 is expected");
    CHECK(integer_error(value, 0, 1) ==
          std::string("f.json: x: ") + value + " is not accepted; a whole number from 0 to 1 is expected");
  }
}

TEST_CASE("A long wrong value is cut in the message") {
  const std::string message = number_error(Json(std::string(10'000, 'y')).dump(), between(0, 1));
  CHECK(message.size() < 250);
  CHECK(message.find("...") != std::string::npos);
}

TEST_CASE("A whole number has no fraction, no exponent and fits its range") {
  CHECK(integer_error("7", 1, 7).empty());
  CHECK(integer_error("-3", -3, 7).empty());
  for (const char* value : {"8", "0", "7.0", "7.5", "7e0"}) {
    CAPTURE(value);
    CHECK(integer_error(value, 1, 7).find("a whole number from 1 to 7 is expected") != std::string::npos);
  }
}

TEST_CASE("A whole number beyond 64 bits is out of range, never another number") {
  CHECK(integer_error("9223372036854775807", 0, INT64_MAX).empty());
  for (const char* value : {"9223372036854775808", "18446744073709551615", "18446744073709551616",
                            "99999999999999999999999", "-9223372036854775809"}) {
    CAPTURE(value);
    CHECK_FALSE(integer_error(value, 0, INT64_MAX).empty());
    CHECK_FALSE(integer_error(value, INT64_MIN, INT64_MAX).empty());
  }
}

TEST_CASE("In a list, too, a whole number beyond 64 bits is out of range") {
  for (const char* value : {"[9223372036854775808]", "[18446744073709551615]", "[99999999999999999999999]"}) {
    CAPTURE(value);
    std::vector<std::int64_t> list;
    const std::string message = error_of(std::string("{\"x\": ") + value + "}",
                                         [&](ObjectReader& in) { list = in.integers("x", 1, INT64_MAX); });
    CHECK_FALSE(message.empty());
    for (const std::int64_t read : list) CHECK(read >= 1);
  }
}

TEST_CASE("A list of whole numbers is read in its order") {
  std::vector<std::int64_t> list;
  const auto read = [&](ObjectReader& in) { list = in.integers("x", 1, 9); };
  CHECK(error_of("{\"x\": [3, 1, 9]}", read).empty());
  CHECK(list == std::vector<std::int64_t>{3, 1, 9});
  CHECK(error_of("{\"x\": [3, 10]}", read) ==
        "f.json: x: 10 is not accepted; a whole number from 1 to 9 is expected");
  CHECK_FALSE(error_of("{\"x\": []}", read).empty());
  CHECK_FALSE(error_of("{\"x\": 3}", read).empty());
  CHECK_FALSE(error_of("{\"x\": [1.5]}", read).empty());
  CHECK_FALSE(error_of("{\"x\": {\"from\": 1, \"to\": 3, \"step\": 1}}", read).empty());
}

TEST_CASE("A list of numbers is given in full or as a range with both ends") {
  CHECK(good_numbers("[3, 1.5]") == std::vector<double>{3, 1.5});
  CHECK(good_numbers("{\"from\": 10, \"to\": 13, \"step\": 1}") == std::vector<double>{10, 11, 12, 13});
  CHECK(good_numbers("{\"from\": 10, \"to\": 12.9, \"step\": 1}") == std::vector<double>{10, 11, 12});
  CHECK(good_numbers("{\"from\": 5, \"to\": 5, \"step\": 2}") == std::vector<double>{5});
  // 0.1 is no binary fraction: 0.3 is still the third value.
  CHECK(good_numbers("{\"from\": 0.1, \"to\": 0.3, \"step\": 0.1}").size() == 3);
  CHECK(good_numbers("{\"from\": 10, \"to\": 50, \"step\": 1}").size() == 41);
}

TEST_CASE("A range never goes beyond its end, not even by rounding") {
  for (const char* range :
       {"{\"from\": 0.1, \"to\": 0.3, \"step\": 0.1}", "{\"from\": 0, \"to\": 0.7, \"step\": 0.1}",
        "{\"from\": 0.2, \"to\": 1.1, \"step\": 0.3}"}) {
    const Json json = Json::parse(range);
    CAPTURE(range);
    CHECK(good_numbers(range).back() <= json["to"].get<double>());
  }
}

TEST_CASE("A wrong range or list says what is wrong") {
  CHECK(numbers_error("{\"from\": 3, \"to\": 1, \"step\": 1}") == "f.json: x: to: 1 is below 'from' 3");
  CHECK(numbers_error("{\"from\": 0, \"to\": 100, \"step\": 0}").find("f.json: x: step: 0 is not accepted") ==
        0);
  CHECK(numbers_error("{\"from\": 0, \"to\": 100, \"step\": -1}").find("f.json: x: step: -1") == 0);
  CHECK(numbers_error("{\"from\": 0, \"to\": 100, \"step\": 1e-5}") ==
        "f.json: x: step: gives more than a million values");
  CHECK(numbers_error("{\"from\": 0, \"to\": 101, \"step\": 1}").find("f.json: x: to: 101 is not accepted") ==
        0);
  CHECK(numbers_error("{\"from\": 0, \"to\": 1}").find("f.json: x: step: missing") == 0);
  CHECK(numbers_error("{\"from\": 0, \"to\": 1, \"step\": 1, \"stop\": 2}").find("did you mean 'step'") !=
        std::string::npos);
  CHECK(numbers_error("[1, 101]") ==
        "f.json: x: 101 is not accepted; a number of at least 0 and at most 100 is expected");
  CHECK_FALSE(numbers_error("[]").empty());
  CHECK_FALSE(numbers_error("5").empty());
  CHECK_FALSE(numbers_error("[\"5\"]").empty());
}

TEST_CASE("A missing field is an error that lists what is there") {
  CHECK(error_of("{\"y\": 1, \"z\": 2}", [](ObjectReader& in) { in.number("x", between(0, 1)); }) ==
        "f.json: x: missing; the keys given are: y, z");
  CHECK(error_of("{}", [](ObjectReader& in) { in.text("x"); }) == "f.json: x: missing");
}

TEST_CASE("An unknown key is an error that names the nearest known") {
  const auto read = [](ObjectReader& in) {
    in.number_or("rate_hz", between(0, 1), 0);
    in.number_or("duration_s", between(0, 1), 0);
  };
  CHECK(error_of("{\"rate_hz\": 1}", read).empty());
  const std::string message = error_of("{\"rate_hs\": 1}", read);
  CHECK(message.find("f.json: 'rate_hs' is not a known key, did you mean 'rate_hz'?") == 0);
  CHECK(error_of("{\"colour\": 1}", read) ==
        "f.json: 'colour' is not a known key; known: duration_s, rate_hz");
}

TEST_CASE("The first error wins, and what follows is harmless") {
  const std::string message = error_of("{\"a\": -1, \"b\": \"x\", \"extra\": 1}", [](ObjectReader& in) {
    in.number("a", between(0, 1));
    in.integer("b", 0, 1);
    in.object("c").number("d", between(0, 1));
    for (ObjectReader& item : in.objects("e")) item.text("f");
    in.choice("g", {"one", "two"});
  });
  CHECK(message.find("f.json: a: -1 is not accepted") == 0);
}

TEST_CASE("Text is not empty and a choice is one of those known") {
  const auto text = [](ObjectReader& in) { in.text("x"); };
  CHECK(error_of("{\"x\": \"y\"}", text).empty());
  CHECK(error_of("{\"x\": \"\"}", text) ==
        "f.json: x: \"\" is not accepted; a text of 1 to 4000 bytes without control characters is expected");
  CHECK_FALSE(error_of("{\"x\": \"a\\u001b[31m\"}", text).empty());
  CHECK_FALSE(error_of("{\"x\": \"two\\nlines\"}", text).empty());
  CHECK(error_of("{\"x\": 1}", text) ==
        "f.json: x: 1 is not accepted; a text of 1 to 4000 bytes without control characters is expected");
  const auto choice = [](ObjectReader& in) { CHECK(in.choice("x", {"gmd", "maxn"}) != "gmb"); };
  CHECK(error_of("{\"x\": \"maxn\"}", choice).empty());
  CHECK(error_of("{\"x\": \"gmb\"}", choice) ==
        "f.json: x: 'gmb' is not a known value, did you mean 'gmd'?; known: gmd, maxn");
}

TEST_CASE("A default stands in for a missing field only, never for a wrong one") {
  std::string seen;
  const auto read = [&](ObjectReader& in) {
    seen = std::to_string(in.integer_or("i", 0, 9, 5)) + in.text_or("t", "none") +
           (in.boolean_or("b", true) ? "+" : "-") + in.choice_or("c", {"x", "y"}, "y");
  };
  CHECK(error_of("{}", read).empty());
  CHECK(seen == "5none+y");
  CHECK(error_of("{\"i\": 1, \"t\": \"some\", \"b\": false, \"c\": \"x\"}", read).empty());
  CHECK(seen == "1some-x");
  CHECK(error_of("{\"i\": 10}", read).find("f.json: i: 10") == 0);
  CHECK(error_of("{\"b\": 1}", read) == "f.json: b: 1 is not accepted; true or false is expected");
  CHECK(error_of("{\"i\": null}", read).find("f.json: i: null") == 0);
}

TEST_CASE("Messages name the path to the field") {
  const auto read = [](ObjectReader& in) {
    in.object("train").integer("batch", 1, 9);
    for (ObjectReader& item : in.objects("list")) {
      item.number("x", between(0, 1));
      item.reject_unknown_keys();
    }
  };
  CHECK(
      error_of("{\"train\": {\"batch\": 0}, \"list\": [{\"x\": 1}]}", read).find("f.json: train: batch: 0") ==
      0);
  CHECK(error_of("{\"train\": {\"batch\": 1}, \"list\": [{\"x\": 1}, {\"x\": 2}]}", read)
            .find("f.json: list[1]: x: 2") == 0);
  CHECK(error_of("{\"train\": 3, \"list\": [{\"x\": 1}]}", read)
            .find("f.json: train: an object {...} is expected") == 0);
  CHECK(
      error_of("{\"train\": {\"batch\": 1}, \"list\": []}", read).find("f.json: list: [] is not accepted") ==
      0);
  CHECK(error_of("{\"train\": {\"batch\": 1}, \"list\": [5]}", read).find("f.json: list[0]: an object") == 0);
}

TEST_CASE("A text that is no object at all is an error") {
  CHECK(error_of("[1]", [](ObjectReader& in) {
          in.number("x", between(0, 1));
        }).find("f.json: an object {...} is expected, not [1]") == 0);
}

TEST_CASE("Whatever is written, a reader gives a value in range or an error, never both wrong") {
  CHECK(rc::check("number() and integer() keep to their range", [] {
    const double low = *rc::gen::inRange(-50, 50), high = low + *rc::gen::inRange(1, 50);
    const double value = *rc::gen::inRange(-2000, 2000) / 20.0;
    Json json;
    json["x"] = value;
    MaybeError error;
    ObjectReader in(json, "f", error);
    const double read = in.number("x", between(low, high));
    const bool inside = value >= low && value <= high;
    RC_ASSERT(error.has_value() == !inside);
    RC_ASSERT((inside ? read == value : read >= low && read <= high));
  }));
}

}  // namespace
}  // namespace wattline
