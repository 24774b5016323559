// Which workloads a calibrated model answers for by name alone, and in words why it does not for another.
//
// A name is a network of the catalogue or one of the user's own that was profiled: its work fitted (a group
// of that name), or counted, and then remembered per batch (CalibratedModel::counted). Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "devices/calibration/model.hpp"

namespace wattline::devices::calibration {

// The batches at which a counted workload was profiled in a role, ascending. Empty: it is not one.
std::vector<std::int64_t> counted_batches(const CalibratedModel& model, const std::string& workload,
                                          workloads::Role role);

// FLOP and bytes of a counted workload at any batch. A network reads its weights once a minibatch and does
// all else once a sample, so both are affine in the batch, and two profiled batches give any other: on the
// line through the neighbours on both sides, beyond the last on the line through the last two. One batch
// answers for itself only: it cannot tell weights from samples, and in proportion to the batch the bytes
// would be wrong by the weights. Errors: a batch that does not follow.
// Precondition: counted_batches() is not empty.
Result<CountedWork> counted_work(const CalibratedModel& model, const std::string& workload,
                                 workloads::Role role, std::int64_t batch);

// Why the model does not know the workload in the role: another role or stack was profiled, the board has no
// such stack or does not train on it, or nobody knows the name; then with the nearest of the catalogue's and
// the model's own names. Precondition: it does not.
Error unknown_workload(const CalibratedModel& model, const std::string& workload, workloads::Role role);

}  // namespace wattline::devices::calibration
