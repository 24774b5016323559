// Reading files and JSON texts (sim/base/strict_json): what is accepted, and where errors point to.
#include "sim/base/strict_json.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/catch.hpp"

namespace wattline {
namespace {

std::string message_of(const std::string& text) {
  const auto json = parse_json(text, "file.json");
  if (json) return "(accepted)";
  CHECK(json.error().kind == Error::Kind::bad_input);
  return json.error().message;
}

bool starts_with(const std::string& text, const std::string& start) {
  return text.compare(0, start.size(), start) == 0;
}

std::string temporary_path(const std::string& name) {
  return (std::filesystem::temp_directory_path() / (name + "." + std::to_string(::getpid()))).string();
}

TEST_CASE("Plain JSON and comments of both kinds are accepted") {
  const auto json = parse_json("// first\n{\"a\": /* one */ 1, // end\n \"b\": [true, null]}\n", "file.json");
  REQUIRE(json.ok());
  CHECK((*json)["a"] == 1);
  CHECK((*json)["b"].size() == 2);
}

TEST_CASE("A syntax error carries the line and column of the culprit") {
  // The culprit is one character, counted by hand.
  CHECK(starts_with(message_of("?"), "file.json: line 1, column 1: not valid JSON: "));
  CHECK(starts_with(message_of("{\n  \"a\": ?\n}"), "file.json: line 2, column 8: not valid JSON: "));
  CHECK(starts_with(message_of("{\"a\": 1,\n\n \"b\" : 2,}"),
                    "file.json: line 3, column 10: not valid JSON: "));
  CHECK(starts_with(message_of("[1, 2] ]"), "file.json: line 1, column 8: not valid JSON: "));
  CHECK(starts_with(message_of("{\"a\": 1\r\n\"b\"?}"), "file.json: line 2, "));
}

TEST_CASE("A NUL byte is not the end of the text") {
  for (const std::string& text : {std::string("{\"a\": 1}\0", 9), std::string("{\"a\": 1}\n\0 {\"b\"", 15)}) {
    const auto json = parse_json(text, "a.json");
    REQUIRE_FALSE(json.ok());
    CHECK(json.error().message.find("not valid JSON: a NUL byte") != std::string::npos);
  }
}

TEST_CASE("An incomplete text is an error at its end") {
  CHECK(message_of("") == "file.json: empty; a JSON object is expected");
  CHECK(message_of(" \n\t") == "file.json: empty; a JSON object is expected");
  CHECK(message_of("{\"a\": [1, \"b").find("the file ends here and looks cut off") != std::string::npos);
  CHECK(message_of("{\"a\": ?}").find("cut off") == std::string::npos);
  CHECK(starts_with(message_of("{\"a\": [1,\n2"), "file.json: line 2, column 2: not valid JSON: "));
  CHECK(message_of("/* no end").find("not valid JSON") != std::string::npos);
}

TEST_CASE("What JSON does not know is not accepted") {
  for (const char* text : {"{'a': 1}", "{a: 1}", "[1,]", "[NaN]", "[Infinity]", "[+1]", "[01]", "[0x10]",
                           "[1.]", "[.5]", "\"\\x\"", "\"line\nbreak\"", "# comment", "\"\xff\"", "{} {}"}) {
    CAPTURE(text);
    CHECK(message_of(text).find("not valid JSON") != std::string::npos);
  }
}

TEST_CASE("A number beyond a double is not accepted anywhere in a text") {
  CHECK(message_of("{\"a\": [1, 1e999]}").find("1e999") != std::string::npos);
  CHECK(message_of("{\"a\": -1e999}").find("1e999") != std::string::npos);
}

TEST_CASE("A key given twice in one object is an error, the same key in two objects is not") {
  CHECK(message_of("{\"a\": 1, \"b\": 2, \"a\": 1}") == "file.json: key 'a' appears twice in one object");
  CHECK(message_of("{\"x\": [{\"k\": 1}, {\"deep\": {\"k\": 1, \"k\": 2}}]}") ==
        "file.json: key 'k' appears twice in one object");
  CHECK(message_of("{\"a\": {\"a\": {\"a\": 1}}, \"b\": [{\"a\": 1}, {\"a\": 2}]}") == "(accepted)");
}

TEST_CASE("Nesting beyond reason is refused, not a crash") {
  const std::size_t depth = 1'000'000;
  std::string text = "{\"a\": " + std::string(depth, '[') + std::string(depth, ']') + "}";
  const auto json = parse_json(text, "file.json");
  if (!json) {
    CHECK(json.error().message.find("nest") != std::string::npos);
    return;
  }
  // Accepted: then it must be possible to complain about it.
  MaybeError error;
  ObjectReader in(*json, "file.json", error);
  in.number("a", above(0, 1));
  REQUIRE(error.has_value());
  CHECK(error->message.size() < 300);
}

TEST_CASE("Nesting is refused where it becomes too deep, before the rest is read") {
  CHECK(message_of(std::string(20'000'000, '[')) == "file.json: nested deeper than 100 levels");
}

TEST_CASE("Nesting as configurations have it is accepted") {
  const std::size_t depth = 50;
  CHECK(message_of(std::string(depth, '[') + std::string(depth, ']')) == "(accepted)");
}

TEST_CASE("A file that cannot be read is named") {
  const auto missing = read_json_file("/no/such/file.json");
  REQUIRE_FALSE(missing.ok());
  CHECK(starts_with(missing.error().message, "/no/such/file.json: cannot be opened"));
  const auto folder = read_text_file(std::filesystem::temp_directory_path().string());
  REQUIRE_FALSE(folder.ok());
  CHECK(folder.error().message.find("cannot be") != std::string::npos);
}

TEST_CASE("A file is read to the byte, up to the size that is accepted") {
  const std::string path = temporary_path("wattline_text");
  const std::string content = std::string("a\r\n\0b", 5) + std::string(100'000, 'x');
  std::ofstream(path, std::ios::binary) << content;
  const auto whole = read_text_file(path);
  REQUIRE(whole.ok());
  CHECK(*whole == content);
  CHECK(read_text_file(path, content.size()).ok());
  const auto cut = read_text_file(path, content.size() - 1);
  REQUIRE_FALSE(cut.ok());
  CHECK(starts_with(cut.error().message, path + ": larger than the 100004 bytes accepted"));
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace wattline
