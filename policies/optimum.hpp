// The exhaustive optimum: the best feasible plan over a whole mode space times batches, on the ground
// truth. Not a policy: it sees what policies must not.
#pragma once

#include <optional>
#include <vector>

#include "devices/cost_model.hpp"
#include "devices/mode_space.hpp"
#include "policies/problem.hpp"

namespace wattline::policies {

// The ground truth of one workload over a mode space, tabulated once and shared read-only.
class CostTable {
 public:
  // Modes index the rows, batches the columns. A point that the model cannot answer (a table model
  // that did not measure it) stays empty and is no candidate.
  CostTable(const devices::CostModel& truth, const devices::ModeSpace& modes, const std::string& workload,
            workloads::Role role, std::vector<int> batches);

  const std::vector<int>& batches() const { return batches_; }
  // Preconditions: mode < size of the space, `batch` is one of batches().
  const std::optional<Measured>& at(std::size_t mode, int batch) const;

 private:
  std::vector<int> batches_;
  std::vector<std::optional<Measured>> costs_;  // row-major by mode
};

struct Optimum {
  Plan plan;
  Evaluation value;
};

// Brute force. Ties go to lower power, then lower latency, then the lower mode index, then the smaller
// batch. Nothing when no point is feasible. `train` is needed when the problem trains, `infer` when it
// infers; their batches must include the problem's.
std::optional<Optimum> brute_force_optimum(const Problem& problem, const devices::ModeSpace& modes,
                                           const CostTable* train, const CostTable* infer);

}  // namespace wattline::policies
