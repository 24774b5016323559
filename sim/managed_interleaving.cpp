#include "sim/managed_interleaving.hpp"

namespace wattline::sim {

namespace {

bool due_for_inference(const ManagedInterleaving& rule, const DispatchState& state) {
  if (rule.infer_batch == 0 || state.waiting == 0) return false;
  if (state.waiting >= rule.infer_batch) return true;
  return rule.max_wait_ns > 0 && state.now_ns - state.oldest_arrival_ns >= rule.max_wait_ns;
}

bool training_fits(const ManagedInterleaving& rule, const DispatchState& state) {
  if (!rule.trains) return false;
  if (rule.infer_batch == 0) return true;
  if (rule.max_train_per_cycle >= 0 && state.trained_this_cycle >= rule.max_train_per_cycle) return false;
  if (rule.expected_rate_hz > 0) {
    // Both sides times the rate: products of whole numbers are exact, a quotient would be rounded.
    const double missing = static_cast<double>(rule.infer_batch - state.waiting);
    if (missing * 1e9 < static_cast<double>(rule.train_time_ns) * rule.expected_rate_hz) return false;
  }
  if (rule.max_wait_ns > 0 && state.waiting > 0) {
    const TimeNs due_ns = state.oldest_arrival_ns + rule.max_wait_ns;
    if (state.now_ns + rule.train_time_ns > due_ns) return false;
  }
  return true;
}

}  // namespace

Decision decide(const ManagedInterleaving& rule, const DispatchState& state) {
  if (due_for_inference(rule, state)) return Decision::infer;
  return training_fits(rule, state) ? Decision::train : Decision::wait;
}

}  // namespace wattline::sim
