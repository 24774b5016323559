// The parts of a scenario that say who wants the device: the dispatcher, and the streams of requests and
// training jobs that it stands between (docs/formats.md). Each function reads its part straight into the
// scenario; errors go to the reader.
#pragma once

#include "experiments/run/scenario.hpp"
#include "sim/base/strict_json.hpp"

namespace wattline::experiments {

inline constexpr std::int64_t largest_batch = 1'000'000;

// "dispatcher", if it is given. To be read first: what the others may hold depends on it.
void read_dispatcher(Scenario& scenario, ObjectReader& in);

// An error if the key is given but the scenario's dispatcher does not heed it: only managed interleaving asks
// what is expected, and counts the training minibatches of a cycle.
void reject_unheeded(const Scenario& scenario, ObjectReader& in, const std::string& key);

// "infer": one object, whose arrivals and expected rate stand in the scenario, or a list of objects that hold
// their own. Fills the streams, and of the phase what is of each stream.
void read_streams(Scenario& scenario, ScenarioPhase& phase, ObjectReader& in, const std::string& base);

// "train": one object or a list.
void read_training(Scenario& scenario, ScenarioPhase& phase, ObjectReader& in);

// An error under `key` if no more requests of the stream may wait than admission_limit, and that is too few
// to fill the batch, although its minibatches are formed by nothing else.
void check_admission(const ScenarioStream& stream, std::int64_t batch, ObjectReader& in,
                     const std::string& key);

}  // namespace wattline::experiments
