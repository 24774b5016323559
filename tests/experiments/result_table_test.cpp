// Tables of results as text, CSV and JSON.
#include "experiments/report/result_table.hpp"

#include <rapidcheck.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "experiments/compare/summary.hpp"
#include "sim/base/strict_json.hpp"
#include "tests/catch.hpp"
#include "traces/csv.hpp"

namespace wattline::experiments {
namespace {

ResultTable sample() {
  ResultTable table;
  table.columns = {{"name"}, {"count"}, {"power_w", 2, "power W"}, {"gap_ms", 1}};
  table.rows = {{std::string("short"), std::int64_t{7}, 3.14159, Cell{}},
                {std::string("a longer name"), std::int64_t{-1200}, 20.0, 0.04}};
  return table;
}

TEST_CASE("Text is aligned: names to the left, numbers rounded and to the right") {
  CHECK(sample().to_text() ==
        "name           count  power W  gap_ms\n"
        "-------------  -----  -------  ------\n"
        "short              7     3.14       -\n"
        "a longer name  -1200    20.00     0.0\n");
}

TEST_CASE("A rounded zero has no sign") {
  ResultTable table;
  table.columns = {{"x", 1}};
  table.rows = {{-0.04}, {-0.0}, {-0.06}};
  CHECK(table.to_text() == "   x\n----\n 0.0\n 0.0\n-0.1\n");
}

TEST_CASE("A number that ran away is shown in few characters and keeps its columns aligned") {
  ResultTable table;
  table.columns = {{"worst_pct", 1, "worst %"}, {"n"}};
  table.rows = {{1.234e266, std::int64_t{1}},
                {-9.87e300, std::int64_t{2}},
                {999'999'999.0, std::int64_t{3}},
                {std::numeric_limits<double>::infinity(), std::int64_t{4}}};
  CHECK(table.to_text() ==
        "    worst %  n\n"
        "-----------  -\n"
        "   1.2e+266  1\n"
        "  -9.9e+300  2\n"
        "999999999.0  3\n"
        "        inf  4\n");
  CHECK(table.to_csv().starts_with("worst_pct,n\n1.234e+266,1\n"));
}

TEST_CASE("One row is listed as keys and values") {
  ResultTable table = sample();
  table.rows.resize(1);
  CHECK(table.to_vertical_text() ==
        "name     short\n"
        "count    7\n"
        "power_w  3.14\n"
        "gap_ms   -\n");
}

TEST_CASE("CSV has the keys, unrounded numbers and nothing for no value") {
  CHECK(sample().to_csv() ==
        "name,count,power_w,gap_ms\n"
        "short,7,3.14159,\n"
        "a longer name,-1200,20,0.04\n");
}

TEST_CASE("CSV quotes what would break it") {
  ResultTable table;
  table.columns = {{"a"}, {"b"}};
  table.rows = {{std::string("x,y"), std::string("say \"hi\"")},
                {std::string("two\nlines"), std::string("plain; text")}};
  CHECK(table.to_csv() == "a,b\n\"x,y\",\"say \"\"hi\"\"\"\n\"two\nlines\",plain; text\n");
}

TEST_CASE("JSON is an array of objects with keys in the order of the columns") {
  const auto json = OrderedJson::parse(sample().to_json());
  REQUIRE(json.size() == 2);
  std::vector<std::string> keys;
  for (const auto& [key, value] : json[0].items()) keys.push_back(key);
  CHECK(keys == std::vector<std::string>{"name", "count", "power_w", "gap_ms"});
  CHECK(json[0]["name"] == "short");
  CHECK(json[0]["count"].is_number_integer());
  CHECK(json[0]["power_w"] == 3.14159);
  CHECK(json[0]["gap_ms"].is_null());
  CHECK(json[1]["gap_ms"] == 0.04);
}

TEST_CASE("A table without rows still has its header") {
  ResultTable table;
  table.columns = {{"ab"}, {"c"}};
  CHECK(table.to_text() == "ab  c\n--  -\n");
  CHECK(table.to_csv() == "ab,c\n");
  CHECK(table.to_json() == "[]\n");
}

TEST_CASE("Formats are chosen by name") {
  CHECK(format_names() == std::vector<std::string>{"table", "csv", "json"});
  const ResultTable table = sample();
  CHECK(table.print(format_of("table")) == table.to_text());
  CHECK(table.print(format_of("csv")) == table.to_csv());
  CHECK(table.print(format_of("json")) == table.to_json());
}

TEST_CASE("Numbers and texts read back from CSV and JSON as they were") {
  CHECK(rc::check("any finite double and any text of one line", [] {
    const double number = std::bit_cast<double>(*rc::gen::arbitrary<std::uint64_t>());
    RC_PRE(std::isfinite(number));
    const auto text =
        *rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::elementOf(std::string("a,\" ;'"))));
    RC_PRE(text.front() != ' ');  // a reader may trim a bare field
    RC_PRE(text.back() != ' ');
    ResultTable table;
    table.columns = {{"x"}, {"text"}};
    table.rows = {{number, text}};
    const auto csv = traces::CsvTable::parse(table.to_csv(), "csv");
    RC_ASSERT(csv.ok());
    RC_ASSERT(std::strtod(csv->rows().front().fields[0].c_str(), nullptr) == number);
    RC_ASSERT(csv->rows().front().fields[1] == text);
    const Json json = Json::parse(table.to_json());
    RC_ASSERT(json[0]["x"].get<double>() == number);
    RC_ASSERT(json[0]["text"].get<std::string>() == text);
  }));
}

TEST_CASE("A quantile is the value of nearest rank") {
  // Of 15, 20, 35, 40, 50: ranks 2, 2, 3, 5 (the usual textbook example).
  const std::vector<double> values = {40, 15, 50, 20, 35};
  CHECK(quantile(values, 0.3) == 20);
  CHECK(quantile(values, 0.4) == 20);
  CHECK(quantile(values, 0.5) == 35);
  CHECK(quantile(values, 1) == 50);
  CHECK(quantile(values, 0) == 15);
  CHECK(quantile({7}, 0.5) == 7);
  // 95 % of 20 values is the 19th.
  std::vector<double> twenty;
  for (int i = 20; i > 0; --i) twenty.push_back(i);
  CHECK(quantile(twenty, 0.95) == 19);
  CHECK(quantile(twenty, 0.951) == 20);
}

TEST_CASE("At least a share q of the values do not exceed the quantile, and no smaller value will do") {
  CHECK(rc::check("for the quantiles that tables use", [] {
    const auto values = *rc::gen::nonEmpty(rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 30)));
    const int percent = *rc::gen::element(5, 25, 50, 75, 95, 100);
    const double found = quantile(std::vector<double>(values.begin(), values.end()), percent / 100.0);
    const auto not_above = [&](double limit, bool strictly) {
      return 100 * std::count_if(values.begin(), values.end(),
                                 [&](int v) { return strictly ? v < limit : v <= limit; });
    };
    const auto needed = percent * static_cast<std::ptrdiff_t>(values.size());
    RC_ASSERT(not_above(found, false) >= needed);
    RC_ASSERT(not_above(found, true) < needed);
  }));
}

}  // namespace
}  // namespace wattline::experiments
