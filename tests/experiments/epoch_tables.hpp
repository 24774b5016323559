// What tests ask of scenarios with an input pipeline, and of the table of their epochs.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "experiments/run/scenario.hpp"
#include "tests/catch.hpp"

namespace wattline::experiments {

// A scenario of experiments/characterization, to be changed.
inline nlohmann::json characterization(const std::string& name) {
  const std::filesystem::path folder =
      std::filesystem::path(WATTLINE_SOURCE_DIR) / "experiments" / "characterization";
  std::ifstream in(folder / (name + ".json"));
  REQUIRE(in);
  return nlohmann::json::parse(in, nullptr, true, true);
}

inline nlohmann::json& pipeline_of(nlohmann::json& scenario) {
  return scenario["train"]["input_pipeline"];
}

inline ResultTable epochs_of(const nlohmann::json& scenario) {
  const auto read = parse_scenario(scenario.dump(), "scenario.json", ".");
  if (!read) FAIL(read.error().message);
  const auto run = run_scenario(*read);
  if (!run) FAIL(run.error().message);
  return epoch_figures_of(*read, *run);
}

inline const Cell& cell(const ResultTable& table, std::size_t row, const std::string& key) {
  const auto column = std::find_if(table.columns.begin(), table.columns.end(),
                                   [&](const Column& each) { return each.key == key; });
  REQUIRE(column != table.columns.end());
  REQUIRE(row < table.rows.size());
  return table.rows[row][static_cast<std::size_t>(column - table.columns.begin())];
}

// Precondition: a number with a fraction.
inline double number(const ResultTable& table, std::size_t row, const std::string& key) {
  const double* value = std::get_if<double>(&cell(table, row, key));
  REQUIRE(value);
  return *value;
}

}  // namespace wattline::experiments
