// What a comparison says of its policies: over all problems, by kinds of problems, and policy against policy.
#pragma once

#include "experiments/compare/comparison.hpp"
#include "experiments/report/result_table.hpp"

namespace wattline::experiments {

// One row per policy. Shares are over the problems that have a feasible plan; regret over those that the
// policy solved and whose optimum can train at all; loss (regret, at most 1, and 1 where the problem was not
// solved) over all whose optimum can train; excess over the plans that exceed the budget.
ResultTable summary_table(const Experiment& experiment, const Comparison& comparison);

// The same figures by kind of problem, by workloads, and by tightness of the power budget: where it lies
// between the least and the most that the problem's workloads draw (tight: the lower third; medium; loose:
// the upper third; slack: above the most).
ResultTable breakdown_table(const Experiment& experiment, const Comparison& comparison);

// Every pair of policies over the feasible problems that both were asked. The loss of a policy on a problem
// is its regret, at most 1, and 1 where it did not solve it. `difference` is the mean loss of the first less
// the second, with a 95 % interval: a bootstrap over families, because problems on the same workloads are not
// independent. An interval is missing where there are fewer than five families.
ResultTable paired_table(const Experiment& experiment, const Comparison& comparison);

// Nearest-rank quantile of unsorted values; 0 <= q <= 1. Precondition: not empty.
double quantile(std::vector<double> values, double q);

}  // namespace wattline::experiments
