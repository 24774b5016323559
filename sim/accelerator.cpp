#include "sim/accelerator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/event_queue.hpp"
#include "sim/request_queue.hpp"

namespace wattline::sim {

namespace {

enum class Happening : std::uint8_t { completion, arrival, configuration, wait_expired, decision, end };

// The order of what happens at one instant.
unsigned phase_of(Happening happening) {
  return static_cast<unsigned>(happening);
}

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
      const auto event = queue_.pop();
      if (!event) return bad_input("the run can make no progress: nothing is left to happen before its end");
      handle(*event);
      if (error_) return *error_;
    }
    finish();
    if (auto error = check_conservation(result_)) return *error;
    return std::move(result_);
  }

 private:
  using Queue = EventQueue<Happening>;

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
    if (options_.end_ns) queue_.push(*options_.end_ns, phase_of(Happening::end), Happening::end);
    for (std::size_t i = 1; i < options_.configurations.size(); ++i) {
      queue_.push(options_.configurations[i].start_ns, phase_of(Happening::configuration),
                  Happening::configuration);
    }
    power_uw_ = configuration().point->idle_power_uw();
    schedule_next_arrival();
    if (configuration().profiling.empty())
      schedule_decision();
    else
      proceed_with_change();
  }

  void handle(const Queue::Event& event) {
    ++result_.events;
    result_.signature =
        (result_.signature ^ (static_cast<std::uint64_t>(event.time_ns) * 8 + event.phase())) *
        0x9e3779b97f4a7c15u;
    result_.signature ^= result_.signature >> 29;
    switch (event.payload) {
      case Happening::completion:
        complete();
        break;
      case Happening::arrival:
        arrive(event.time_ns);
        break;
      case Happening::configuration:
        ++wanted_;
        break;
      case Happening::wait_expired:
        wait_timer_ = {};
        break;
      case Happening::decision:
        act();
        return;
      case Happening::end:
        ended_ = true;
        return;
    }
    if (activity_ == Activity::idle) schedule_decision();
  }

  void schedule_decision() {
    if (decision_scheduled_) return;
    decision_scheduled_ = true;
    queue_.push(queue_.now_ns(), phase_of(Happening::decision), Happening::decision);
  }

  void schedule_next_arrival() {
    if (arrivals_ == nullptr) return;
    if (upcoming_ == upcoming_count_) {
      upcoming_count_ = arrivals_->next(buffer_);
      upcoming_ = 0;
    }
    if (upcoming_ == upcoming_count_) {
      arrivals_exhausted_ = true;
      return;
    }
    const TimeNs at_ns = buffer_[upcoming_++];
    if (at_ns < queue_.now_ns() || at_ns > longest_time_ns) {
      error_ = bad_input(fmt::format("an arrival at {} ns is out of order or beyond the clock", at_ns));
      return;
    }
    queue_.push(at_ns, phase_of(Happening::arrival), Happening::arrival);
  }

  void arrive(TimeNs now_ns) {
    ++result_.requests_arrived;
    waiting_.push(now_ns);
    if (static_cast<std::int64_t>(waiting_.size()) > options_.max_waiting) {
      error_ = failure(
          fmt::format("at {} s more than {} requests wait: the device does not keep up with the arrivals",
                      ns_to_seconds(now_ns), options_.max_waiting));
    }
    schedule_next_arrival();
  }

  // A minibatch, a stretch of profiling or a mode switch ends.
  void complete() {
    const TimeNs now_ns = queue_.now_ns();
    if (activity_ == Activity::infer) {
      ++result_.infer.finished;
      for (const TimeNs arrival_ns : in_service_) {
        const TimeNs latency_ns = now_ns - arrival_ns;
        result_.latency_ns.add(latency_ns);
        if (options_.latency_budget_ns > 0 && latency_ns > options_.latency_budget_ns)
          ++result_.requests_late;
        if (options_.observer) options_.observer->served(arrival_ns, now_ns);
      }
      result_.requests_completed += in_service_.size();
      in_service_.clear();
    } else if (activity_ == Activity::train) {
      ++result_.train.finished;
      if (options_.observer) options_.observer->trained(now_ns);
    } else if (activity_ == Activity::profiling) {
      proceed_with_change();
      return;
    } else {
      ++result_.mode_switches;
    }
    become(Activity::idle, configuration().point->idle_power_uw());
  }

  // Charges the time since the last change to what the device was doing, and does something else.
  void become(Activity activity, const RailPowerUw& power_uw) {
    result_.energy.add(activity_, power_uw_, queue_.now_ns() - since_ns_);
    if (options_.observer && queue_.now_ns() > since_ns_)
      options_.observer->spent(activity_, power_uw_, since_ns_, queue_.now_ns());
    since_ns_ = queue_.now_ns();
    activity_ = activity;
    power_uw_ = power_uw;
  }

  // The dispatcher's turn; the device is idle.
  void act() {
    decision_scheduled_ = false;
    if (wanted_ != current_) {
      switch_configuration();
      return;
    }
    const DispatchState state{queue_.now_ns(), static_cast<std::int64_t>(waiting_.size()),
                              waiting_.empty() ? 0 : waiting_.oldest(), trained_this_cycle_};
    const Decision decision = decide(configuration().rule, state);
    if (decision != Decision::infer && nothing_left_to_serve()) {
      ended_ = true;
    } else if (decision == Decision::infer) {
      start(Work::infer);
    } else if (decision == Decision::train) {
      start(Work::train);
    } else {
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
      schedule_decision();
    }
  }

  void occupy(Activity activity, const RailPowerUw& power_uw, TimeNs duration_ns) {
    become(activity, power_uw);
    queue_.push(queue_.now_ns() + duration_ns, phase_of(Happening::completion), Happening::completion);
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
    queue_.cancel(wait_timer_);
    if (work == Work::infer) {
      const auto batch = static_cast<std::size_t>(configuration().rule.infer_batch);
      const std::size_t taken = std::min(waiting_.size(), batch);
      for (std::size_t i = 0; i < taken; ++i) in_service_.push_back(waiting_.pop());
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
    queue_.cancel(wait_timer_);
    wait_timer_ = queue_.push_cancellable(waiting_.oldest() + rule.max_wait_ns,
                                          phase_of(Happening::wait_expired), Happening::wait_expired);
  }

  void finish() {
    become(activity_, power_uw_);
    result_.simulated_ns = queue_.now_ns();
    result_.requests_pending = waiting_.size() + in_service_.size();
    // From the state, not as a difference: the conservation check compares the two.
    result_.infer.in_flight = activity_ == Activity::infer ? 1 : 0;
    result_.train.in_flight = activity_ == Activity::train ? 1 : 0;
  }

  const Configuration& configuration() const { return options_.configurations[current_]; }

  const AcceleratorOptions& options_;
  ArrivalProcess* arrivals_;
  Queue queue_;
  RunResult result_;
  MaybeError error_;

  std::size_t current_ = 0;   // configuration in force
  std::size_t wanted_ = 0;    // configuration whose start has passed last
  std::size_t profiled_ = 0;  // stretches of the current configuration's profiling that have begun
  bool switches_ = false;     // whether a switch follows them
  Activity activity_ = Activity::idle;
  RailPowerUw power_uw_{};
  TimeNs since_ns_ = 0;  // start of the present activity
  bool decision_scheduled_ = false;
  bool ended_ = false;
  EventId wait_timer_;
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
