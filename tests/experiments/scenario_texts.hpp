// Scenarios of tests, written as text.
#pragma once

#include <string>

#include "experiments/run/scenario.hpp"
#include "tests/catch.hpp"

namespace wattline::experiments {

inline Scenario scenario_of(const std::string& text) {
  auto scenario = parse_scenario(text, "scenario.json", ".");
  if (!scenario) FAIL(scenario.error().message);
  return *std::move(scenario);
}

inline ScenarioRun run(const std::string& text) {
  auto result = run_scenario(scenario_of(text));
  if (!result) FAIL(result.error().message);
  return *std::move(result);
}

// Empty where the scenario is accepted.
inline std::string error_of(const std::string& text) {
  const auto scenario = parse_scenario(text, "scenario.json", ".");
  return scenario ? "" : scenario.error().message;
}

}  // namespace wattline::experiments
