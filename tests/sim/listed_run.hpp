// What the hand-traced runs of the accelerator are made of: costs that are given and arrivals that are
// listed.
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "sim/accelerator.hpp"

namespace wattline::sim {

class FixedPoint final : public OperatingPoint {
 public:
  FixedPoint(MinibatchCost infer, MinibatchCost train, RailPowerUw idle_uw)
      : infer_(infer), train_(train), idle_uw_(idle_uw) {}
  MinibatchCost minibatch(Tenant tenant) override { return tenant.work() == Work::infer ? infer_ : train_; }
  RailPowerUw idle_power_uw() const override { return idle_uw_; }

 private:
  MinibatchCost infer_, train_;
  RailPowerUw idle_uw_;
};

// Times, powers and demands that change from one minibatch to the next and from tenant to tenant, so that a
// wrong order shows.
class VaryingPoint final : public OperatingPoint {
 public:
  VaryingPoint(TimeNs infer_ns, TimeNs train_ns, std::int64_t power_uw)
      : infer_ns_(infer_ns), train_ns_(train_ns), power_uw_(power_uw) {}

  MinibatchCost minibatch(Tenant tenant) override {
    const std::int64_t k = made_++ * 7 % 5 + static_cast<std::int64_t>(tenant.index());
    if (tenant.work() == Work::infer) return {infer_ns_ + k, {power_uw_ + 3 * k, 2}};
    return {train_ns_ + k, {power_uw_ + k, 1}};
  }
  MinibatchCost expected(Tenant tenant) override {
    return {tenant.work() == Work::infer ? infer_ns_ : train_ns_, {power_uw_, 1}};
  }
  Phases phases(Tenant tenant) override {
    const auto k = made_ * 3 + static_cast<std::int64_t>(tenant.index());
    auto& made = phases_[static_cast<std::size_t>(k % 6)];
    if (made.empty()) made = made_phases(k % 6);
    return made;
  }
  RailPowerUw idle_power_uw() const override { return {power_uw_ / 3, 1}; }
  // Some minibatches draw less than that.
  RailPowerUw busy_power_uw() const override { return {power_uw_ + 2, 2}; }
  LoadingCpu loading_cpu() const override {
    return {static_cast<double>(1 + power_uw_ % 3), power_uw_ % 2 == 0 ? 1e9 : 2e9, {power_uw_ / 5, 1}};
  }

 private:
  // One to four phases of uneven length, of which every third wants nothing; one is empty.
  static std::vector<Phase> made_phases(std::int64_t k) {
    std::vector<Phase> phases;
    for (std::int64_t i = 0; i <= k % 4; ++i) {
      const double share = 0.2 * static_cast<double>((k + 2 * i) % 6);
      const bool nothing = (k + i) % 3 == 2;
      phases.push_back({nothing ? Demand::nothing() : Demand{share, 1 - share, share, 0.9 * (1 - share)},
                        Phase::whole / 7 * static_cast<std::uint64_t>(1 + i + i % 2)});
    }
    phases.back().until_q = Phase::whole;
    return phases;
  }

  TimeNs infer_ns_, train_ns_;
  std::int64_t power_uw_;
  std::int64_t made_ = 0;
  std::array<std::vector<Phase>, 6> phases_;
};

// Every second look, or whenever little was drawn, the device is to be slow: half again as long and at two
// thirds of the power; a set number of looks later it is shut down. So that a wrong energy shows.
class Throttle final : public Supervisor {
 public:
  Throttle(TimeNs period_ns, std::int64_t most_looks) : period_ns_(period_ns), left_(most_looks) {}
  TimeNs period_ns() const override { return period_ns_; }
  bool look(TimeNs, const RailEnergyFj& drawn_fj) override {
    slow_ = (static_cast<std::int64_t>(drawn_fj[0] + 3 * drawn_fj[1]) + left_) % 3 == 0 ? !slow_ : slow_;
    return --left_ > 0;
  }
  OperatingPoint& in_force(OperatingPoint& configured) override {
    if (!slow_) return configured;
    slowed_.of = &configured;
    return slowed_;
  }

 private:
  struct Slowed final : OperatingPoint {
    MinibatchCost minibatch(Tenant tenant) override { return slower(of->minibatch(tenant)); }
    MinibatchCost expected(Tenant tenant) override { return slower(of->expected(tenant)); }
    Phases phases(Tenant tenant) override { return of->phases(tenant); }
    RailPowerUw idle_power_uw() const override { return {of->idle_power_uw()[0], 2}; }
    RailPowerUw busy_power_uw() const override { return {of->busy_power_uw()[0] * 2 / 3, 3}; }
    LoadingCpu loading_cpu() const override { return {1, 1e9, {7, of->idle_power_uw()[1]}}; }
    static MinibatchCost slower(MinibatchCost cost) {
      return {cost.time_ns * 3 / 2 + 1, {cost.power_uw[0] * 2 / 3, cost.power_uw[1] + 1}};
    }
    OperatingPoint* of = nullptr;
  };
  TimeNs period_ns_;
  std::int64_t left_;
  bool slow_ = false;
  Slowed slowed_;
};

// One minibatch ahead, on one core that is twice as fast at 2 GHz if it has all of it, in times that change
// from one to the next; after every fourth the next is loaded only when it has ended.
class VaryingFeed final : public MinibatchFeed {
 public:
  // So many minibatches; 0: without end.
  VaryingFeed(TimeNs unit_ns, std::int64_t count) : unit_ns_(unit_ns), count_(count) {}

  TimeNs set_cpu(TimeNs now_ns, const LoadingCpu& cpu) override {
    const bool was_slow = std::exchange(slow_, cpu.cycles_per_s < 2e9 || cpu.cores < 1);
    if (loaded_ns_ == never || loaded_ns_ <= now_ns || was_slow == slow_) return loaded_ns_;
    core_ns_ = core_ns(now_ns);
    since_ns_ = now_ns;
    const TimeNs left_ns = loaded_ns_ - now_ns;
    return loaded_ns_ = now_ns + (slow_ ? 2 * left_ns : (left_ns + 1) / 2);
  }
  TimeNs begin(TimeNs now_ns) override { return load(now_ns); }
  TimeNs started(TimeNs now_ns) override {
    core_ns_ = core_ns(now_ns);
    loaded_ns_ = never;
    return ++started_ % 4 == 0 || started_ == count_ ? never : load(now_ns);
  }
  TimeNs finished(TimeNs now_ns) override {
    ++finished_;
    return loaded_ns_ == never && started_ != count_ ? load(now_ns) : loaded_ns_;
  }
  TimeNs core_ns(TimeNs now_ns) override {
    return loaded_ns_ == never ? core_ns_ : core_ns_ + std::min(now_ns, loaded_ns_) - since_ns_;
  }
  TimeNs core_use_until(TimeNs now_ns) override { return loaded_ns_ > now_ns ? loaded_ns_ : never; }
  bool ends() const override { return count_ > 0; }
  bool ended() const override { return count_ > 0 && finished_ == count_; }

 private:
  TimeNs load(TimeNs now_ns) {
    since_ns_ = now_ns;
    return loaded_ns_ = now_ns + unit_ns_ * (started_ * 7 % 5) * (slow_ ? 2 : 1);
  }

  TimeNs unit_ns_;
  std::int64_t count_;
  bool slow_ = false;
  std::int64_t started_ = 0, finished_ = 0;
  TimeNs loaded_ns_ = never;  // of what is loaded, or was last and has not started
  TimeNs since_ns_ = 0;       // of which core_ns_ does not know
  TimeNs core_ns_ = 0;
};

class ListedArrivals final : public ArrivalProcess {
 public:
  explicit ListedArrivals(std::vector<TimeNs> instants) : instants_(std::move(instants)) {}
  std::size_t next(std::span<TimeNs> out) override {
    const std::size_t count = std::min(out.size(), instants_.size() - made_);
    std::copy_n(instants_.begin() + static_cast<std::ptrdiff_t>(made_), count, out.begin());
    made_ += count;
    return count;
  }

 private:
  std::vector<TimeNs> instants_;
  std::size_t made_ = 0;
};

// A run of one stream of requests and one training job under managed interleaving, as most of these are.
struct OneStreamRule {
  std::int64_t infer_batch = 0;
  bool trains = false;
  TimeNs train_time_ns = 0;
  double expected_rate_hz = 0;
  std::int64_t max_train_per_cycle = -1;
  TimeNs max_wait_ns = 0;
};

struct OneStreamConfiguration {
  TimeNs start_ns = 0;
  OperatingPoint* point = nullptr;
  OneStreamRule rule;
  TimeNs switch_ns = 0;
  std::vector<ProfilingStretch> profiling = {};
};

struct OneStreamOptions {
  std::vector<OneStreamConfiguration> configurations;
  std::optional<TimeNs> end_ns;
  TimeNs latency_budget_ns = 0;
  std::int64_t max_waiting = 10'000'000;
  RunObserver* observer = nullptr;
};

inline Result<RunResult> run_one_stream(const OneStreamOptions& one, ArrivalProcess* arrivals) {
  AcceleratorOptions options;
  for (const OneStreamConfiguration& from : one.configurations) {
    const OneStreamRule& rule = from.rule;
    options.configurations.push_back(
        {from.start_ns,
         from.point,
         {{.batch = rule.infer_batch,
           .max_wait_ns = rule.max_wait_ns,
           .expected_rate_hz = rule.expected_rate_hz}},
         {{.trains = rule.trains, .time_ns = rule.train_time_ns, .max_per_cycle = rule.max_train_per_cycle}},
         from.switch_ns,
         from.profiling});
  }
  options.streams.push_back({.arrivals = arrivals, .latency_budget_ns = one.latency_budget_ns});
  options.training.emplace_back();
  options.end_ns = one.end_ns;
  options.max_waiting = one.max_waiting;
  options.observer = one.observer;
  return run_accelerator(options);
}

}  // namespace wattline::sim
