// The optimum of many problems that differ in their budgets and arrival rate alone, without trying every
// point.
//
// Most points can never win: another draws no more power, infers no slower and trains no slower, so whatever
// the budgets and the rate, it is feasible where they are and at least as good. Those are left out once. Of
// the rest a problem looks at the points within its power, batch by batch, the batch that could at best gain
// most first, and leaves out batches that cannot gain more than what was found.
//
// Where energy counts, no point can be left out once: one that trains faster may spend more on a sample. All
// points within the power are examined then.
//
// The plan is that of brute_force_optimum(), ties included (tested on random problems). Immutable;
// thread-safe.
#pragma once

#include <optional>
#include <vector>

#include "policies/optimum.hpp"

namespace wattline::policies {

// What became of the points (mode, batch) of one problem. They sum to `points`.
struct OptimumCount {
  std::size_t points = 0;     // that the tables answer
  std::size_t dominated = 0;  // by another point, whatever the budgets
  std::size_t over_power = 0;
  std::size_t outbid =
      0;  // of batches that are too late, too slow, or could not gain more than what was found
  std::size_t examined = 0;
};

class OptimumIndex {
 public:
  // For problems of `like`'s kind, workloads, training batch and inference batches, that mind energy if it
  // does. Tables are as for brute_force_optimum(). O(n log n) in the points.
  OptimumIndex(const Problem& like, const devices::ModeSpace& modes, const CostTable* train,
               const CostTable* infer);

  // Precondition: a problem that the index was made for. `count`, if given, is set.
  std::optional<Optimum> find(const Problem& problem, OptimumCount* count = nullptr) const;

 private:
  struct Candidate {
    double power_w = 0;  // the larger of both
    sim::TimeNs infer_ns = 0;
    sim::TimeNs train_ns = 0;
    double infer_w = 0;
    double train_w = 0;
    std::size_t mode = 0;
  };
  // Of one batch, by ascending power. Entry i of the least times is over the candidates 0 .. i.
  struct Column {
    int batch = 0;
    std::vector<Candidate> candidates;
    std::vector<sim::TimeNs> least_infer_ns;
    std::vector<sim::TimeNs> least_train_ns;
  };
  // The candidates of a column within the budget of power, and the best that any of them could come to.
  struct Bid {
    const Column* column = nullptr;
    std::size_t within = 0;
    Evaluation bound;
  };

  static std::vector<Candidate> by_power(std::vector<Candidate> all);
  static std::vector<Candidate> undominated(std::vector<Candidate> all);
  std::vector<Bid> bids(const Problem& problem, OptimumCount& count) const;

  devices::ModeSpace modes_;
  std::vector<Column> columns_;
  std::size_t points_ = 0;
  std::size_t kept_ = 0;
};

}  // namespace wattline::policies
