// The parts of a scenario that say who wants the device: streams of requests, training jobs, and the
// dispatcher between them (docs/formats.md).
#pragma once

#include "experiments/run/scenario.hpp"
#include "sim/base/strict_json.hpp"

namespace wattline::experiments {

inline constexpr std::int64_t largest_batch = 1'000'000;

// "infer": one object, whose arrivals and expected rate stand in the scenario, or a list of objects that hold
// their own. Fills the streams, and of the phase what is of each stream.
void read_streams(Scenario& scenario, ScenarioPhase& phase, ObjectReader& in, const std::string& base);

// "train": one object or a list.
void read_training(Scenario& scenario, ScenarioPhase& phase, ObjectReader& in);

sim::Dispatcher read_dispatcher(ObjectReader in);

}  // namespace wattline::experiments
