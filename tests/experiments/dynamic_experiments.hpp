// Dynamic experiments from JSON, for tests.
#pragma once

#include "experiments/dynamic/dynamic_experiment.hpp"
#include "tests/catch.hpp"

namespace wattline::experiments {

// Requires that it can be read.
inline DynamicExperiment experiment_of(const Json& json, const std::string& base = "/base") {
  auto experiment = parse_dynamic_experiment(json.dump(), "d.json", base);
  INFO((experiment ? "" : experiment.error().message));
  REQUIRE(experiment.ok());
  return *std::move(experiment);
}

}  // namespace wattline::experiments
