// CSV as RFC 4180 has it, read strictly.
#include "traces/csv.hpp"

#include <rapidcheck.h>

#include "tests/catch.hpp"

namespace wattline::traces {
namespace {

CsvTable table_of(const std::string& text) {
  const auto table = CsvTable::parse(text, "f.csv");
  INFO((table ? "" : table.error().message));
  REQUIRE(table.ok());
  return *table;
}

std::string error_of(const std::string& text) {
  const auto table = CsvTable::parse(text, "f.csv");
  return table ? "(accepted)" : table.error().message;
}

using Fields = std::vector<std::string>;

TEST_CASE("A header and rows are read, with the line of each row") {
  const CsvTable table = table_of("a,b\n1,2\n3,4\n");
  CHECK(table.header() == Fields{"a", "b"});
  REQUIRE(table.rows().size() == 2);
  CHECK(table.rows()[0].fields == Fields{"1", "2"});
  CHECK(table.rows()[0].line == 2);
  CHECK(table.rows()[1].fields == Fields{"3", "4"});
  CHECK(table.rows()[1].line == 3);
  CHECK(table.column("b") == 1u);
  CHECK(table.column("c") == std::nullopt);
  CHECK(table.column("A") == std::nullopt);
}

TEST_CASE("A missing last line break changes nothing") {
  CHECK(table_of("a\n1").rows().size() == 1);
  CHECK(table_of("a\n1\n").rows().size() == 1);
  CHECK(table_of("a").rows().empty());
}

TEST_CASE("A byte-order mark and CRLF are accepted") {
  const CsvTable table = table_of(
      "\xEF\xBB\xBF"
      "a,b\r\n1,2\r\n\r\n3,4");
  CHECK(table.header() == Fields{"a", "b"});
  REQUIRE(table.rows().size() == 2);
  CHECK(table.rows()[0].fields == Fields{"1", "2"});
  CHECK(table.rows()[1].fields == Fields{"3", "4"});
  CHECK(table.rows()[1].line == 4);
  CHECK(table_of("a\r\n\"x\"\r\n").rows()[0].fields == Fields{"x"});
}

TEST_CASE("Blank lines are skipped, and counted") {
  const CsvTable table = table_of("\n  \na,b\n\n1,2\n \t\n\n3,4\n\n");
  REQUIRE(table.rows().size() == 2);
  CHECK(table.rows()[0].line == 5);
  CHECK(table.rows()[1].line == 8);
}

TEST_CASE("Quoted fields hold commas, doubled quotes and blanks as they are") {
  const CsvTable table = table_of("a,\"b,c\"\n\"say \"\"hi\"\"\",\" x \"\n\"\",\"\"\"\"\n");
  CHECK(table.header() == Fields{"a", "b,c"});
  CHECK(table.rows()[0].fields == Fields{"say \"hi\"", " x "});
  CHECK(table.rows()[1].fields == Fields{"", "\""});
}

TEST_CASE("Blanks around a bare field are dropped, and a bare field may be empty") {
  CHECK(table_of("a,b,c\n 1 ,,\t3\n").rows()[0].fields == Fields{"1", "", "3"});
  CHECK(table_of("a,b\n,\n").rows()[0].fields == Fields{"", ""});
  CHECK(table_of("a,b\n1,\n").rows()[0].fields == Fields{"1", ""});
}

TEST_CASE("A row of another length than the header is an error that names its line") {
  CHECK(error_of("a,b\n1,2\n\n3\n") == "f.csv: line 4: 1 fields; the header has 2");
  CHECK(error_of("a,b\n1,2,3\n") == "f.csv: line 2: 3 fields; the header has 2");
  CHECK(error_of("a,b\n1,2,\n") == "f.csv: line 2: 3 fields; the header has 2");
}

TEST_CASE("Unbalanced quotes are an error that names the line") {
  CHECK(error_of("a\n\"1\n") == "f.csv: line 2: a quoted field does not end on its line");
  CHECK(error_of("a,b\n1,\"2\"x\n") == "f.csv: line 2: text after a closing quote");
  CHECK(error_of("\"a\n") == "f.csv: line 1: a quoted field does not end on its line");
}

TEST_CASE("A faulty last line without its line break is what a cut-off file looks like") {
  const std::string hint = "; the file ends here without a line break and looks cut off";
  CHECK(error_of("a,b\n1,2\n3") == "f.csv: line 3: 1 fields; the header has 2" + hint);
  CHECK(error_of("a,b\n1,\"2") == "f.csv: line 2: a quoted field does not end on its line" + hint);
  // Too many fields are not cut off, and a faulty line before the last is not either.
  CHECK(error_of("a,b\n1,2,3") == "f.csv: line 2: 3 fields; the header has 2");
  CHECK(error_of("a,b\n1\n1,2") == "f.csv: line 2: 1 fields; the header has 2");
}

TEST_CASE("A text without a header is an error") {
  for (const char* text : {"", "\n\n", "\xEF\xBB\xBF", " \r\n"})
    CHECK(error_of(text) == "f.csv: empty; a header line is expected");
}

TEST_CASE("Columns: all that are required, none that is unknown, none twice") {
  const auto check = [](const std::string& header) {
    const auto error = table_of(header + "\n").check_columns({"gpu_khz", "time_ms"}, {"note"});
    return error ? error->message : "";
  };
  CHECK(check("gpu_khz,time_ms").empty());
  CHECK(check("note,time_ms,gpu_khz").empty());
  CHECK(check("gpu_hz,time_ms") ==
        "f.csv: line 1: column 'gpu_hz' is in Hz; 'gpu_khz' is expected (divide by 1,000)");
  CHECK(check("gpu_kh,time_ms") ==
        "f.csv: line 1: 'gpu_kh' is not a known column, did you mean 'gpu_khz'?; known: gpu_khz, time_ms, "
        "note");
  CHECK(check("gpu_khz") == "f.csv: line 1: column 'time_ms' is missing; the header has: gpu_khz");
  CHECK(check("gpu_khz,time_ms,time_ms") == "f.csv: line 1: column 'time_ms' appears twice");
}

TEST_CASE("Numbers are read strictly, and an error names line, column, value and range") {
  const CsvTable table = table_of("x\n1.5\n\"\"\nnan\n0x10\n1e999\n-1\n 2\n2 m\n");
  const auto number = [&](std::size_t row) { return table.number(table.rows()[row], 0, between(0, 10)); };
  const auto value = number(0);
  REQUIRE(value.ok());
  CHECK(*value == 1.5);
  CHECK(number(1).error().message ==
        "f.csv: line 3: x: nothing is not accepted; a number of at least 0 and at most 10 is expected");
  for (const std::size_t row : {2u, 3u, 4u, 5u, 7u}) CHECK_FALSE(number(row).ok());
  CHECK(number(5).error().message ==
        "f.csv: line 7: x: '-1' is not accepted; a number of at least 0 and at most 10 is expected");
  CHECK(number(6).ok());  // blanks around a bare field were dropped
  CHECK_FALSE(table.number(table.rows()[0], 0, above(1.5, 10)).ok());
  CHECK(table.number(table.rows()[0], 0, between(1.5, 1.5)).ok());
}

TEST_CASE("Whole numbers have neither fraction nor exponent") {
  const CsvTable table = table_of("x\n7\n7.0\n7e0\n99999999999999999999\n");
  const auto integer = [&](std::size_t row) { return table.integer(table.rows()[row], 0, 1, 7); };
  const auto value = integer(0);
  REQUIRE(value.ok());
  CHECK(*value == 7);
  for (const std::size_t row : {1u, 2u, 3u}) CHECK_FALSE(integer(row).ok());
  CHECK(integer(1).error().message ==
        "f.csv: line 3: x: '7.0' is not accepted; a whole number from 1 to 7 is expected");
}

TEST_CASE("What is quoted by the rules of RFC 4180 reads back as it was") {
  CHECK(rc::check("fields of any printable text survive", [] {
    const auto columns = *rc::gen::inRange<std::size_t>(1, 5);
    const auto field = rc::gen::container<std::string>(rc::gen::elementOf(std::string("a1 ,\"\t;'\\")));
    std::string text;
    for (std::size_t i = 0; i < columns; ++i) text += (i ? ",c" : "c") + std::to_string(i);
    std::vector<Fields> rows;
    for (int i = *rc::gen::inRange(0, 5); i > 0; --i) {
      Fields& row = rows.emplace_back();
      text += "\n";
      for (std::size_t j = 0; j < columns; ++j) {
        row.push_back(*field);
        std::string doubled;
        for (const char c : row.back()) doubled += c == '"' ? "\"\"" : std::string(1, c);
        text += (j ? ",\"" : "\"") + doubled + "\"";
      }
    }
    const auto table = CsvTable::parse(text, "f.csv");
    RC_ASSERT(table.ok());
    RC_ASSERT(table->rows().size() == rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) RC_ASSERT(table->rows()[i].fields == rows[i]);
  }));
}

TEST_CASE("A field that is no UTF-8 or holds a NUL is refused with its line") {
  const std::string rows = "name,ms\nmobilenet_v3_large,1.5\nresnet50,2.5\nvgg19,3.5\n";
  CHECK(error_of(rows + "caf\xE9,3\n") ==
        "f.csv: line 5: 'caf\\xe9' is not accepted; text in UTF-8 is expected");
  CHECK(error_of("caf\xE9\n") == "f.csv: line 1: 'caf\\xe9' is not accepted; text in UTF-8 is expected");
  CHECK(error_of(rows + "caf\xC3\xA9,3\n") == "(accepted)");
  const std::string nul(1, '\0');
  CHECK(error_of(rows + "1,2\nres" + nul + "net50,3\n") ==
        "f.csv: line 6: 'res" + nul + "net50' holds a NUL; is the file binary, and no CSV?");
}

TEST_CASE("Binary data is called so, and not by the number of its fields") {
  const std::string message = "f.csv: line 1: this is binary and no CSV; text in UTF-8 is expected";
  CHECK(error_of("\x7F"
                 "ELF\x02\x01\x01\n\x03,\x04\n") == message);
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes += static_cast<char>(i * 7919 % 251 + 2);
  CHECK(error_of(bytes) == message);
  // A stray control character makes no file binary.
  CHECK(error_of("name,note\nresnet50,a note of some length with \x01 in it\n") == "(accepted)");
}

TEST_CASE("A file's name is shown on one line, and as UTF-8") {
  const auto table = CsvTable::parse("", "caf\xE9\n.csv");
  REQUIRE_FALSE(table.ok());
  CHECK(table.error().message == "caf\\xe9\\x0a.csv: empty; a header line is expected");
}

TEST_CASE("A text that no line break ends may be cut off") {
  CHECK(cut_off_note("a,b\n1,2\n3,4", "f.csv") ==
        "f.csv: line 3, the last one, has no line break at its end and may be cut off");
  CHECK(cut_off_note("a", "f.csv").has_value());
  for (const char* whole : {"", "a\n", "a\r\n", "a\n \t"})
    CHECK(cut_off_note(whole, "f.csv") == std::nullopt);
}

}  // namespace
}  // namespace wattline::traces

TEST_CASE("A wrong header is named by its own line, also below blank ones") {
  const auto table = wattline::traces::CsvTable::parse("\n\ntime\n1\n", "f.csv");
  REQUIRE(table.ok());
  const auto error = table->check_columns({"time_s"}, {});
  REQUIRE(error.has_value());
  CHECK(error->message ==
        "f.csv: line 3: 'time' is not a known column, did you mean 'time_s'?; known: time_s");
}
