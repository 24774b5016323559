#include "sim/accelerator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/agenda.hpp"
#include "sim/request_queue.hpp"

namespace wattline::sim {

namespace {

// What happens, in the order of one instant. The dispatcher decides between the expired wait and the end.
enum Happening : unsigned { completion, arrival, configuration_change, wait_expired, end };

// What is seldom due is on the agenda, from its first source on.
constexpr unsigned first_timer = configuration_change;
constexpr std::size_t timers = end - first_timer + 1;

bool is_time(TimeNs time_ns) {
  return time_ns >= 0 && time_ns <= longest_time_ns;
}

bool in_range(const Configuration& configuration) {
  const ManagedInterleaving& rule = configuration.rule;
  return rule.infer_batch >= 0 && rule.infer_batch <= 1'000'000 && is_time(rule.train_time_ns) &&
         is_time(rule.max_wait_ns) && is_time(configuration.start_ns) && is_time(configuration.switch_ns) &&
         std::all_of(configuration.profiling.begin(), configuration.profiling.end(),
                     [](const ProfilingStretch& stretch) { return is_time(stretch.time_ns); });
}

class Run {
 public:
  Run(const AcceleratorOptions& options, ArrivalProcess* arrivals) : options_(options), arrivals_(arrivals) {}

  Result<RunResult> operator()() {
    if (auto error = check_options()) return *error;
    begin();
    while (!ended_) {
      step();
      if (error_) return *error_;
    }
    finish();
    if (auto error = check_conservation(result_)) return *error;
    return std::move(result_);
  }

 private:
  MaybeError check_options() const {
    const auto& all = options_.configurations;
    if (all.empty() || all.front().start_ns != 0)
      return bad_input("a run needs a configuration that starts at 0");
    bool serves = false, trains = false;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (all[i].point == nullptr) return bad_input("a configuration has no operating point");
      if (i > 0 && all[i].start_ns <= all[i - 1].start_ns)
        return bad_input("configurations must be in ascending order of time");
      if (!in_range(all[i]))
        return bad_input("a configuration has a batch size or a time that is out of range");
      serves = serves || all[i].rule.infer_batch > 0;
      trains = trains || all[i].rule.trains;
    }
    if (options_.end_ns && !is_time(*options_.end_ns)) {
      return bad_input("the end of a run must be from 0 to 100 years");
    }
    if (serves && arrivals_ == nullptr) return bad_input("the run serves requests but has no arrivals");
    if (!serves && !options_.end_ns)
      return bad_input("the run would never end: it serves no requests and has no duration");
    if (!serves && !trains)
      return bad_input("the run has nothing to do: it neither serves requests nor trains");
    return std::nullopt;
  }

  void begin() {
    if (options_.end_ns) set_timer(end, *options_.end_ns);
    await_configuration();
    power_uw_ = configuration().point->idle_power_uw();
    arrival_due_ns_ = next_arrival(0);
    if (configuration().profiling.empty())
      decision_due_ = true;
    else
      proceed_with_change();
  }

  // What is due first, or the dispatcher's decision when nothing more happens at this instant.
  void step() {
    const TimeNs timer_ns = agenda_.first_due();
    const TimeNs first_ns = std::min({completion_due_ns_, arrival_due_ns_, timer_ns});
    if (decision_due_ && (first_ns > now_ns_ || only_the_end_is_due())) {
      act();
    } else if (completion_due_ns_ == first_ns && first_ns != Agenda::never) {
      enter(completion, first_ns);
      complete();
    } else if (arrival_due_ns_ == first_ns && first_ns != Agenda::never) {
      arrive(decision_due_ ? now_ns_ + 1 : std::min(completion_due_ns_, timer_ns));
    } else if (first_ns != Agenda::never) {
      ring(first_timer + agenda_.first(), first_ns);
    } else {
      error_ = bad_input("the run can make no progress: nothing is left to happen before its end");
    }
  }

  bool only_the_end_is_due() const {
    return completion_due_ns_ > now_ns_ && arrival_due_ns_ > now_ns_ && agenda_.first() == end - first_timer;
  }

  void set_timer(Happening timer, TimeNs due_ns) { agenda_.set(timer - first_timer, due_ns); }

  // A timer runs out.
  void ring(unsigned timer, TimeNs at_ns) {
    enter(timer, at_ns);
    if (timer == configuration_change) {
      ++wanted_;
      await_configuration();
    } else if (timer == wait_expired) {
      set_timer(wait_expired, Agenda::never);
    } else {
      ended_ = true;
    }
    decision_due_ = decision_due_ || activity_ == Activity::idle;
  }

  // The clock comes to an event, which enters the count and the hash of the stream.
  void enter(unsigned what, TimeNs at_ns) {
    now_ns_ = at_ns;
    ++result_.events;
    result_.signature = mixed(result_.signature, what, at_ns);
  }

  // The hash of the stream with one more event.
  static std::uint64_t mixed(std::uint64_t hash, unsigned what, TimeNs at_ns) {
    hash = (hash ^ (static_cast<std::uint64_t>(at_ns) * 8 + what)) * 0x9e3779b97f4a7c15u;
    return hash ^ (hash >> 29);
  }

  void await_configuration() {
    const auto& all = options_.configurations;
    set_timer(configuration_change, wanted_ + 1 < all.size() ? all[wanted_ + 1].start_ns : Agenda::never);
  }

  // The next arrival, which is not before `now_ns`.
  TimeNs next_arrival(TimeNs now_ns) {
    if (upcoming_ == upcoming_count_) {
      upcoming_count_ = arrivals_ == nullptr ? 0 : arrivals_->next(buffer_);
      upcoming_ = 0;
    }
    if (upcoming_ == upcoming_count_) {
      arrivals_exhausted_ = arrivals_ != nullptr;
      return Agenda::never;
    }
    const TimeNs at_ns = buffer_[upcoming_++];
    if (at_ns < now_ns || at_ns > longest_time_ns) {
      error_ = bad_input(fmt::format("an arrival at {} ns is out of order or beyond the clock", at_ns));
      return Agenda::never;
    }
    return at_ns;
  }

  // The request that is due, and at once those that come before anything else happens, at until_ns, or is
  // decided: they only join the queue.
  void arrive(TimeNs until_ns) {
    const bool idle = activity_ == Activity::idle;
    const std::int64_t enough =
        idle ? std::min(wakes_at_, options_.max_waiting + 1) : options_.max_waiting + 1;
    const auto before = static_cast<std::int64_t>(waiting_.size());
    std::int64_t waiting = before;
    std::uint64_t signature = result_.signature;
    TimeNs at_ns = 0, next_ns = arrival_due_ns_;
    do {
      at_ns = next_ns;
      signature = mixed(signature, arrival, at_ns);
      waiting_.push(at_ns);
      ++waiting;
      next_ns = next_arrival(at_ns);
    } while (next_ns < until_ns && waiting < enough);
    now_ns_ = at_ns;
    result_.signature = signature;
    result_.events += static_cast<std::uint64_t>(waiting - before);
    result_.requests_arrived += static_cast<std::uint64_t>(waiting - before);
    arrival_due_ns_ = next_ns;
    decision_due_ = decision_due_ || (idle && (waiting >= wakes_at_ || next_ns == Agenda::never));
    if (waiting > options_.max_waiting) {
      error_ = failure(
          fmt::format("at {} s more than {} requests wait: the device does not keep up with the arrivals",
                      ns_to_seconds(at_ns), options_.max_waiting));
    }
  }

  // A minibatch, a stretch of profiling or a mode switch ends.
  void complete() {
    completion_due_ns_ = Agenda::never;
    if (activity_ == Activity::infer) {
      ++result_.infer.finished;
      serve();
    } else if (activity_ == Activity::train) {
      ++result_.train.finished;
      if (options_.observer) options_.observer->trained(now_ns_);
    } else if (activity_ == Activity::profiling) {
      proceed_with_change();
      return;
    } else {
      ++result_.mode_switches;
    }
    charge();
    activity_ = Activity::idle;  // for no time, until the decision
    decision_due_ = true;
  }

  // The requests of the minibatch that ended are served.
  void serve() {
    if (options_.observer)
      for (const TimeNs arrival_ns : in_service_) options_.observer->served(arrival_ns, now_ns_);
    for (TimeNs& instant_ns : in_service_) instant_ns = now_ns_ - instant_ns;  // now latencies
    result_.latency_ns.add(in_service_);
    if (options_.latency_budget_ns > 0)
      for (const TimeNs latency_ns : in_service_)
        result_.requests_late += latency_ns > options_.latency_budget_ns ? 1 : 0;
    result_.requests_completed += in_service_.size();
    in_service_.clear();
  }

  // Charges the time since the last change to what the device was doing.
  void charge() {
    if (now_ns_ == since_ns_) return;
    result_.energy.add(activity_, power_uw_, now_ns_ - since_ns_);
    if (options_.observer) options_.observer->spent(activity_, power_uw_, since_ns_, now_ns_);
    since_ns_ = now_ns_;
  }

  void become(Activity activity, const RailPowerUw& power_uw) {
    charge();
    activity_ = activity;
    power_uw_ = power_uw;
  }

  // The dispatcher's turn; the device is idle.
  void act() {
    decision_due_ = false;
    if (wanted_ != current_) {
      switch_configuration();
      return;
    }
    const DispatchState state{now_ns_, static_cast<std::int64_t>(waiting_.size()),
                              waiting_.empty() ? 0 : waiting_.oldest(), trained_this_cycle_};
    const Decision decision = decide(configuration().rule, state);
    if (decision != Decision::infer && nothing_left_to_serve()) {
      ended_ = true;
    } else if (decision == Decision::infer) {
      start(Work::infer);
    } else if (decision == Decision::train) {
      start(Work::train);
    } else {
      become(Activity::idle, configuration().point->idle_power_uw());
      wakes_at_ = wattline::sim::wakes_at(configuration().rule, state);
      wait_for_oldest();
    }
  }

  void switch_configuration() {
    const OperatingPoint* before = configuration().point;
    // What was overtaken is not entered, but the time of its profiling is spent all the same.
    do ++current_;
    while (current_ < wanted_ && configuration().profiling.empty());
    trained_this_cycle_ = 0;
    switches_ = configuration().switch_ns > 0 && configuration().point != before;
    profiled_ = 0;
    proceed_with_change();
  }

  // The next part of the change to the current configuration.
  void proceed_with_change() {
    const Configuration& now = configuration();
    if (profiled_ < now.profiling.size()) {
      const ProfilingStretch& stretch = now.profiling[profiled_++];
      switches_ = now.switch_ns > 0;
      occupy(Activity::profiling, stretch.power_uw, stretch.time_ns);
    } else if (switches_) {
      occupy(Activity::switching, now.point->idle_power_uw(), now.switch_ns);
    } else {
      become(Activity::idle, now.point->idle_power_uw());
      decision_due_ = true;
    }
  }

  void occupy(Activity activity, const RailPowerUw& power_uw, TimeNs duration_ns) {
    become(activity, power_uw);
    completion_due_ns_ = now_ns_ + duration_ns;
  }

  // Without a set end, the run ends when no request will come and none that waits can ever be served.
  bool nothing_left_to_serve() const {
    if (options_.end_ns || !arrivals_exhausted_ || current_ + 1 < options_.configurations.size())
      return false;
    const ManagedInterleaving& rule = configuration().rule;
    return waiting_.empty() || rule.infer_batch == 0 || rule.max_wait_ns == 0;
  }

  void start(Work work) {
    const MinibatchCost cost = configuration().point->minibatch(work);
    if (cost.time_ns < 1 || cost.time_ns > longest_time_ns) {
      error_ = bad_input(
          fmt::format("a minibatch of {} ns is not accepted; 1 ns to 100 years is expected", cost.time_ns));
      return;
    }
    if (agenda_.due(wait_expired - first_timer) != Agenda::never) set_timer(wait_expired, Agenda::never);
    if (work == Work::infer) {
      const auto batch = static_cast<std::size_t>(configuration().rule.infer_batch);
      const std::size_t taken = std::min(waiting_.size(), batch);
      waiting_.pop(taken, in_service_);
      ++result_.infer.started;
      trained_this_cycle_ = 0;
    } else {
      ++result_.train.started;
      ++trained_this_cycle_;
    }
    occupy(work == Work::infer ? Activity::infer : Activity::train, cost.power_uw, cost.time_ns);
  }

  // Idle with requests that wait for their batch to fill: wake when the oldest has waited enough.
  void wait_for_oldest() {
    const ManagedInterleaving& rule = configuration().rule;
    if (rule.infer_batch == 0 || rule.max_wait_ns == 0 || waiting_.empty()) return;
    set_timer(wait_expired, waiting_.oldest() + rule.max_wait_ns);
  }

  void finish() {
    charge();
    result_.energy.settle();
    result_.simulated_ns = now_ns_;
    result_.requests_pending = waiting_.size() + in_service_.size();
    // From the state, not as a difference: the conservation check compares the two.
    result_.infer.in_flight = activity_ == Activity::infer ? 1 : 0;
    result_.train.in_flight = activity_ == Activity::train ? 1 : 0;
  }

  const Configuration& configuration() const { return options_.configurations[current_]; }

  const AcceleratorOptions& options_;
  ArrivalProcess* arrivals_;
  TimeNs completion_due_ns_ = Agenda::never;  // of what the device does, if it is not idle
  TimeNs arrival_due_ns_ = Agenda::never;
  Agenda agenda_{timers};
  TimeNs now_ns_ = 0;
  RunResult result_;
  MaybeError error_;

  std::size_t current_ = 0;   // configuration in force
  std::size_t wanted_ = 0;    // configuration whose start has passed last
  std::size_t profiled_ = 0;  // stretches of the current configuration's profiling that have begun
  bool switches_ = false;     // whether a switch follows them
  Activity activity_ = Activity::idle;
  RailPowerUw power_uw_{};
  TimeNs since_ns_ = 0;  // start of the present activity
  bool decision_due_ = false;
  std::int64_t wakes_at_ = 0;  // waiting requests at which an idle device has something to decide
  bool ended_ = false;
  std::int64_t trained_this_cycle_ = 0;

  RequestQueue waiting_;
  std::vector<TimeNs> in_service_;  // arrival instants of the minibatch in flight
  std::array<TimeNs, 256> buffer_;  // arrivals fetched ahead
  std::size_t upcoming_ = 0;
  std::size_t upcoming_count_ = 0;
  bool arrivals_exhausted_ = false;
};

}  // namespace

Result<RunResult> run_accelerator(const AcceleratorOptions& options, ArrivalProcess* arrivals) {
  Run run(options, arrivals);
  return run();
}

}  // namespace wattline::sim
