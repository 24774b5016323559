// The importer of the Azure LLM inference traces.
#include "traces/import/azure_llm.hpp"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>

#include "sim/base/strict_json.hpp"
#include "tests/catch.hpp"

namespace wattline::traces {
namespace {

using Instants = std::vector<sim::TimeNs>;

constexpr sim::TimeNs second = 1'000'000'000;

std::string log_of(const std::vector<std::string>& stamps) {
  std::string text = "TIMESTAMP,ContextTokens,GeneratedTokens\n";
  for (const std::string& stamp : stamps) text += stamp + ",374,44\n";
  return text;
}

Instants instants_of(const std::vector<std::string>& stamps) {
  const auto instants = parse_azure_llm(log_of(stamps), "azure.csv");
  INFO((instants ? "" : instants.error().message));
  REQUIRE(instants.ok());
  return *instants;
}

std::string error_of(const std::string& text) {
  const auto instants = parse_azure_llm(text, "azure.csv");
  return instants ? "(accepted)" : instants.error().message;
}

// Number of requests and coefficient of variation of the gaps, or nothing where the file is not there.
struct Published {
  const char* file;
  std::size_t requests;
  double variation;
  double rounding;  // half a unit of the last digit that was published
};

void check_published(const Published& published) {
  const std::string path = fmt::format("{}/arrivals/{}", WATTLINE_DATA_DIR, published.file);
  if (!std::filesystem::exists(path)) {
    WARN("skipped: " << path << " is not there");
    return;
  }
  const auto text = read_text_file(path);
  REQUIRE(text.ok());
  const auto instants = parse_azure_llm(*text, path);
  REQUIRE(instants.ok());
  CHECK(instants->size() == published.requests);
  double sum = 0, squares = 0;
  const auto gaps = static_cast<double>(instants->size() - 1);
  for (std::size_t i = 1; i < instants->size(); ++i) {
    const double gap = static_cast<double>((*instants)[i] - (*instants)[i - 1]);
    sum += gap;
    squares += gap * gap;
  }
  const double mean = sum / gaps;
  const double variance = (squares - gaps * mean * mean) / (gaps - 1);
  CHECK(std::abs(std::sqrt(variance) / mean - published.variation) <= published.rounding);
}

TEST_CASE("Timestamps with seven decimals become nanoseconds from the first request") {
  CHECK(instants_of({"2023-11-16 18:15:46.6805900", "2023-11-16 18:15:50.9951690",
                     "2023-11-16 18:15:50.9951690"}) == Instants{0, 4'314'579'000, 4'314'579'000});
}

TEST_CASE("From none to nine decimals are accepted, and mean what they say") {
  CHECK(instants_of({"2023-11-16 18:15:46", "2023-11-16 18:15:46.5", "2023-11-16 18:15:46.50000001",
                     "2023-11-16 18:15:46.500000012", "2023-11-16 18:15:47"}) ==
        Instants{0, 500'000'000, 500'000'010, 500'000'012, second});
}

TEST_CASE("Midnight, the end of a month and the end of a year are one second long") {
  CHECK(instants_of({"2023-11-16 23:59:59.5", "2023-11-17 00:00:00.25"}) == Instants{0, 750'000'000});
  CHECK(instants_of({"2023-11-30 23:59:59", "2023-12-01 00:00:01"}) == Instants{0, 2 * second});
  CHECK(instants_of({"2023-12-31 23:59:59", "2024-01-01 00:00:00"}) == Instants{0, second});
}

TEST_CASE("Months have their lengths, February that of the year") {
  const sim::TimeNs day = 86'400 * second;
  CHECK(instants_of({"2024-02-28 12:00:00", "2024-02-29 12:00:00", "2024-03-01 12:00:00"}) ==
        Instants{0, day, 2 * day});
  CHECK(instants_of({"2023-02-28 12:00:00", "2023-03-01 12:00:00"}) == Instants{0, day});
  CHECK(instants_of({"2023-01-01 00:00:00", "2024-01-01 00:00:00", "2025-01-01 00:00:00"}) ==
        Instants{0, 365 * day, (365 + 366) * day});
}

TEST_CASE("What is no date or time is an error that names its line") {
  for (const char* stamp : {"2023-02-29 00:00:00",
                            "2023-13-01 00:00:00",
                            "2023-00-01 00:00:00",
                            "2023-11-31 00:00:00",
                            "2023-11-00 00:00:00",
                            "2023-11-16 24:00:00",
                            "2023-11-16 18:60:00",
                            "2023-11-16 18:15:60",
                            "2023-11-16T18:15:46",
                            "2023/11/16 18:15:46",
                            "2023-11-16 18:15",
                            "2023-11-16",
                            "16-11-2023 18:15:46",
                            "2023-11-16 18:15:46.",
                            "2023-11-16 18:15:46.1234567890",
                            "2023-11-16 18:15:46,5x",
                            "2023-11-16 18:15:46 ",
                            "2023-11-16 18:15:46Z",
                            "2023-11-16 18:15:46.5+00:00",
                            "2023-11-16 -1:15:46",
                            "1699999999",
                            "",
                            "9999-11-16 18:15:46"}) {
    CAPTURE(stamp);
    const std::string message = error_of("TIMESTAMP\n2023-11-16 18:15:46\n\"" + std::string(stamp) + "\"\n");
    CHECK(message.find("azure.csv: line 3: TIMESTAMP: '" + std::string(stamp) + "' is not accepted") == 0);
  }
}

TEST_CASE("A row that is before the one above is an error that names its line") {
  CHECK(error_of(log_of({"2023-11-16 18:15:46", "2023-11-16 18:15:48", "2023-11-16 18:15:47.9999999"})) ==
        "azure.csv: line 4: TIMESTAMP: '2023-11-16 18:15:47.9999999' is before the row above; ascending "
        "order is "
        "expected");
}

TEST_CASE("A trace without requests or without its column is an error") {
  CHECK(error_of(log_of({})) == "azure.csv: no requests; at least one row is expected");
  CHECK(error_of("timestamp\n2023-11-16 18:15:46\n").find("'timestamp' is not a known column") !=
        std::string::npos);
  CHECK(error_of("ContextTokens,GeneratedTokens\n1,2\n").find("column 'TIMESTAMP' is missing") !=
        std::string::npos);
}

TEST_CASE("The conversation trace of November 2023 has its requests, and is nearly Poisson") {
  check_published({"azure_llm_2023_conv.csv", 19'366, 1.09, 0.005});
}

TEST_CASE("The code trace of November 2023 has its requests, and is very bursty") {
  check_published({"azure_llm_2023_code.csv", 8'819, 13.2, 0.05});
}

}  // namespace
}  // namespace wattline::traces
