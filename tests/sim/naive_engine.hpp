// A second implementation of the accelerator, kept as simple as possible, to compare the real one with: all
// that is to happen in one sorted set, one event at a time, every decision from scratch by writing down who
// is ready. Written from the headers of sim/.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <tuple>
#include <vector>

#include "sim/accelerator.hpp"

namespace wattline::sim {

struct NaiveResult {
  TimeNs simulated_ns = 0;
  std::vector<std::tuple<TimeNs, unsigned, std::size_t>> events;  // instant, kind, tenant
  struct Stream {
    RequestCounts requests;
    MinibatchCounts minibatches;
    std::vector<TimeNs> latencies_ns;  // in the order of completion
    std::vector<TimeNs> responses_ns;
  };
  std::vector<Stream> streams;
  std::vector<MinibatchCounts> training;
  std::uint64_t mode_switches = 0;
  std::map<Activity, TimeNs> time_ns;
  std::map<Activity, Int128> energy_fj;
};

class NaiveEngine {
 public:
  // `arrivals`: of each stream, all of them.
  NaiveEngine(const AcceleratorOptions& options, const std::vector<std::vector<TimeNs>>& arrivals)
      : options_(options), arrivals_(arrivals), arrived_(arrivals.size(), 0), waiting_(arrivals.size()) {
    result_.streams.resize(arrivals.size());
    result_.training.resize(options.training.size());
    training_.resize(options.training.size());
  }

  NaiveResult operator()() {
    for (std::size_t i = 0; i < arrivals_.size(); ++i)
      if (!arrivals_[i].empty()) to_come_.insert({arrivals_[i][0], arrival, i});
    if (options_.configurations.size() > 1) to_come_.insert({options_.configurations[1].start_ns, change, 0});
    if (options_.end_ns) to_come_.insert({*options_.end_ns, end, 0});
    if (options_.supervisor) to_come_.insert({options_.supervisor->period_ns(), look, 0});
    enter_configuration();
    for (std::size_t i = 0; i < training_.size(); ++i)
      if (MinibatchFeed* feed = feed_of(i)) expect(i, feed->begin(0));
    while (!over_) {
      if (!loads()) foresee_end_of_energy();
      if (to_come_.empty()) {
        if (!decision_due_ && loads() && options_.energy_budget_fj && runs_out_before(never)) break;
        decide();
        continue;
      }
      const auto [at_ns, what, who] = *to_come_.begin();
      if (decision_due_ && (at_ns > now_ns_ || what >= end)) {
        decide();
        continue;
      }
      if (loads() && options_.energy_budget_fj && runs_out_before(at_ns)) break;
      to_come_.erase(to_come_.begin());
      spend(at_ns);
      happen(what, who);
    }
    result_.simulated_ns = now_ns_;
    for (const Resident& resident : residents_) counts(resident.tenant).in_flight = 1;
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      result_.streams[i].requests.pending = waiting_[i].size();
      for (const Resident& resident : residents_)
        if (resident.tenant == Tenant{Work::infer, static_cast<std::uint32_t>(i)})
          result_.streams[i].requests.pending += resident.requests.size();
      result_.streams[i].requests.overdue = overdue(i);
    }
    return result_;
  }

 private:
  enum Order : unsigned { executed, arrival, change, expiry, loaded, look, end, energy_spent };
  enum Kind : unsigned { completion = 0, turn = 5 };

  struct Resident {
    Tenant tenant;
    MinibatchCost cost;
    Phases phases;
    std::vector<TimeNs> requests;
    TimeNs formed_ns = 0;
    Int128 left_q;  // of its time alone, in 2^-32 ns
    Int128 rate_q = 0;
    std::size_t least_phase = 0;      // no earlier one, however the rest is rounded
    TimeNs stalled_until_ns = never;  // where it stalls
    std::size_t stalled_as = 0;       // the how many-th stall of all
  };
  struct Job {
    TimeNs ready_since_ns = 0;
    std::int64_t this_cycle = 0;
    bool has_minibatch = true;
    TimeNs core_ns = 0;  // of its loading, paid for
  };

  // Requests of the stream that were neither dropped nor served, although they were to be by now.
  std::uint64_t overdue(std::size_t stream) const {
    const TimeNs budget_ns = options_.streams[stream].latency_budget_ns;
    std::vector<TimeNs> pending(waiting_[stream].begin(), waiting_[stream].end());
    for (const Resident& resident : residents_)
      if (resident.tenant == Tenant{Work::infer, stream})
        pending.insert(pending.end(), resident.requests.begin(), resident.requests.end());
    const auto is_overdue = [&](TimeNs arrival_ns) { return arrival_ns + budget_ns < now_ns_; };
    return budget_ns == 0
               ? 0
               : static_cast<std::uint64_t>(std::count_if(pending.begin(), pending.end(), is_overdue));
  }

  const Configuration& now() const { return options_.configurations[current_]; }
  RailPowerUw idle_uw() const { return point_->idle_power_uw(); }
  template <class D>
  const D* runs() const {
    return std::get_if<D>(&options_.dispatcher);
  }
  bool shares() const { return runs<TimeSlicing>() || runs<CudaStreams>(); }
  MinibatchFeed* feed_of(std::size_t job) const { return options_.training[job].feed; }
  void expect(std::size_t job, TimeNs at_ns) {
    for (auto i = to_come_.begin(); i != to_come_.end();)
      i = std::get<1>(*i) == loaded && std::get<2>(*i) == job ? to_come_.erase(i) : ++i;
    training_[job].has_minibatch = at_ns <= now_ns_;
    if (at_ns > now_ns_ && at_ns != never) to_come_.insert({at_ns, loaded, job});
  }
  MinibatchCounts& counts(Tenant tenant) {
    return tenant.work() == Work::infer ? result_.streams[tenant.index()].minibatches
                                        : result_.training[tenant.index()];
  }
  bool executes(Tenant tenant) const {
    return std::any_of(residents_.begin(), residents_.end(),
                       [&](const Resident& resident) { return resident.tenant == tenant; });
  }

  // What is left of the minibatch when its i-th phase ends; under time-slicing in whole nanoseconds.
  Int128 left_after_q(const Resident& resident, std::size_t i) const {
    const Int128 one = Int128{1} << 32;
    const Int128 left_q = resident.cost.time_ns * (one - resident.phases[i].until_q);
    return runs<TimeSlicing>() ? left_q / one * one : left_q;
  }
  std::size_t phase_of(const Resident& resident) const {
    for (std::size_t i = resident.least_phase; i + 1 < resident.phases.size(); ++i)
      if (resident.left_q > left_after_q(resident, i)) return i;
    return resident.phases.size() - 1;
  }
  static bool wants_nothing(const Demand& demand) {
    return demand.compute_busy == 0 && demand.memory_busy == 0 && demand.compute_bound == 0 &&
           demand.memory_bound == 0;
  }
  bool stalls(const Resident& resident) const {
    return runs<TimeSlicing>() && wants_nothing(resident.phases[phase_of(resident)].demand);
  }
  // Of those that do not stall the first has the GPU.
  std::vector<Resident>::iterator holder() {
    return std::find_if(residents_.begin(), residents_.end(),
                        [](const Resident& resident) { return resident.stalled_until_ns == never; });
  }
  std::vector<Resident>::const_iterator holder() const { return const_cast<NaiveEngine*>(this)->holder(); }
  std::int64_t in_turns() const {
    return std::count_if(residents_.begin(), residents_.end(),
                         [](const Resident& resident) { return resident.stalled_until_ns == never; });
  }

  // --- what the device is doing ---

  void spend(TimeNs until_ns) {
    const TimeNs time_ns = until_ns - now_ns_;
    result_.time_ns[activity()] += time_ns;
    const RailPowerUw power_uw = this->power_uw();
    for (const std::int64_t rail_uw : power_uw) result_.energy_fj[activity()] += Int128{rail_uw} * time_ns;
    for (std::size_t i = 0; i < max_rails; ++i) rails_fj_[i] += Int128{power_uw[i]} * time_ns;
    for (std::size_t job = 0; job < training_.size(); ++job) {
      if (!feed_of(job)) continue;
      const TimeNs core_ns = feed_of(job)->core_ns(until_ns) - training_[job].core_ns;
      training_[job].core_ns += core_ns;
      for (std::size_t i = 0; i < max_rails; ++i) {
        rails_fj_[i] += Int128{core_uw_[i]} * core_ns;
        result_.energy_fj[activity()] += Int128{core_uw_[i]} * core_ns;
      }
    }
    for (Resident& resident : residents_)
      resident.left_q = std::max<Int128>(0, resident.left_q - resident.rate_q * time_ns);
    now_ns_ = until_ns;
  }

  Activity activity() const {
    if (occupied_) return occupied_as_;
    if (residents_.empty()) return Activity::idle;
    if (changing_process_) return Activity::context_switch;
    const auto of = [](const Resident& resident) {
      return resident.tenant.work() == Work::infer ? Activity::infer : Activity::train;
    };
    if (!runs<CudaStreams>() && in_turns() > 0) return of(*holder());
    if (!runs<CudaStreams>()) return of(*first_to_end_stalling());
    std::set<Activity> all;
    for (const Resident& resident : residents_) all.insert(of(resident));
    return all.size() == 1 ? *all.begin() : Activity::shared;
  }

  RailPowerUw power_uw() const {
    if (occupied_) return occupied_uw_;
    if (residents_.empty()) return idle_uw();
    RailPowerUw sum = idle_uw();
    for (std::size_t i = 0; i < max_rails; ++i) {
      if (runs<CudaStreams>()) sum[i] = shared_power_uw(i);
      for (const Resident& resident : residents_)
        if (!runs<CudaStreams>() && resident.rate_q > 0) sum[i] += resident.cost.power_uw[i] - idle_uw()[i];
    }
    return sum;
  }

  // Of a rail, in units of 2^-32 uW: every minibatch's work at its speed, on the clocks that they share. Idle
  // power is counted out of each and added once.
  std::int64_t shared_power_uw(std::size_t rail) const {
    constexpr Int128 one = Int128{1} << 32;
    const std::int64_t idle = idle_uw()[rail], busy = point_->busy_power_uw()[rail];
    Int128 sum = idle * one, clocks = 0;
    std::int64_t least = idle;
    for (const Resident& resident : residents_) {
      const std::int64_t alone = resident.cost.power_uw[rail];
      const Int128 rate = resident.rate_q;
      if (alone > busy) sum += (alone - busy) * rate;
      clocks += ((alone > busy ? busy : alone) - idle) * rate;
      if (alone < least) least = alone;
    }
    sum += clocks > (busy - idle) * one ? (busy - idle) * one : clocks;
    Int128 whole = sum / one;
    if (sum < 0 && whole * one != sum) --whole;  // downwards
    return whole < least ? least : static_cast<std::int64_t>(whole);
  }

  // Speeds of what executes, and when the first of it ends or loses its turn.
  void arrange() {
    for (auto i = to_come_.begin(); i != to_come_.end();)
      i = std::get<1>(*i) == executed ? to_come_.erase(i) : ++i;
    TimeNs due_ns = never;
    if (occupied_) {
      due_ns = occupied_until_ns_;
    } else {
      set_rates();
      if (changing_process_) due_ns = changed_at_ns_;
      for (const Resident& resident : residents_) {
        if (resident.stalled_until_ns != never) due_ns = std::min(due_ns, resident.stalled_until_ns);
        if (resident.stalled_until_ns != never || resident.rate_q == 0) continue;
        const Int128 stretch_q = resident.left_q - next_left_q(resident);
        due_ns = std::min(due_ns,
                          now_ns_ + static_cast<TimeNs>((stretch_q + resident.rate_q - 1) / resident.rate_q));
      }
      if (const auto* slicing = runs<TimeSlicing>(); slicing && in_turns() > 1 && !changing_process_) {
        TimeNs slice_end_ns = turn_since_ns_ + slicing->options.slice_ns;
        while (slice_end_ns < now_ns_) slice_end_ns += slicing->options.slice_ns;
        if (turn_ends_ns_ == never) turn_ends_ns_ = slice_end_ns;
        due_ns = std::min(due_ns, turn_ends_ns_);
      }
    }
    if (due_ns != never) to_come_.insert({due_ns, executed, 0});
  }

  void set_rates() {
    constexpr double one = 4294967296.0;
    for (std::size_t i = 0; i < residents_.size(); ++i) {
      if (const auto* streams = runs<CudaStreams>()) {
        double compute = 0, memory = 0;
        const auto wants = [&](const Resident& each) { return each.phases[phase_of(each)].demand; };
        for (const Resident& resident : residents_) compute += wants(resident).compute_busy;
        for (const Resident& resident : residents_) memory += wants(resident).memory_busy;
        const Demand demand = wants(residents_[i]);
        const double units = demand.compute_bound * (compute > 1 ? compute : 1) +
                             demand.memory_bound * (memory > 1 ? memory : 1) +
                             (1 - demand.compute_bound - demand.memory_bound);
        const double slower = (units > 1 ? units : 1) * (1 + streams->options.interference *
                                                                 static_cast<double>(residents_.size() - 1));
        residents_[i].rate_q = static_cast<std::int64_t>(one / slower);
      } else {
        const bool executes = holder() == residents_.begin() + static_cast<std::ptrdiff_t>(i);
        const bool stalled = residents_[i].stalled_until_ns != never;
        residents_[i].rate_q = stalled || (executes && !changing_process_) ? std::int64_t{1} << 32 : 0;
      }
    }
  }

  // What will be left of the minibatch when something happens to it that is not another's doing.
  Int128 next_left_q(const Resident& resident) const {
    if (!shares()) return 0;
    std::size_t i = phase_of(resident);
    if (runs<CudaStreams>()) return left_after_q(resident, i);
    while (i + 1 < resident.phases.size() && (!wants_nothing(resident.phases[i + 1].demand) ||
                                              left_after_q(resident, i + 1) == left_after_q(resident, i)))
      ++i;
    return left_after_q(resident, i);
  }

  std::vector<Resident>::const_iterator first_to_end_stalling() const {
    return std::min_element(residents_.begin(), residents_.end(), [](const Resident& a, const Resident& b) {
      return std::pair(a.stalled_until_ns, a.stalled_as) < std::pair(b.stalled_until_ns, b.stalled_as);
    });
  }

  // As the last of those that take turns, or stalled.
  void join(Resident resident) {
    resident.stalled_until_ns = never;
    resident.rate_q = 0;
    if (stalls(resident)) {
      resident.least_phase = phase_of(resident);
      const Int128 stretch_q = resident.left_q - left_after_q(resident, phase_of(resident));
      resident.stalled_until_ns = now_ns_ + static_cast<TimeNs>(stretch_q >> 32);
      resident.stalled_as = ++stalls_;
    }
    residents_.push_back(resident);
  }

  // The first in the order of turns gets the GPU.
  void give_turn() {
    changing_process_ = false;
    turn_ends_ns_ = never;
    if (in_turns() == 0) return;
    const auto* slicing = runs<TimeSlicing>();
    if (slicing && last_ && *last_ != holder()->tenant && slicing->options.switch_ns > 0) {
      changing_process_ = true;
      changed_at_ns_ = now_ns_ + slicing->options.switch_ns;
      return;
    }
    last_ = holder()->tenant;
    turn_since_ns_ = now_ns_;
  }

  // --- what happens ---

  // Kinds of events as the signature knows them.
  static unsigned kind_of(unsigned what) {
    return what == loaded ? 3 : what == look ? 7 : what == end ? 4 : what == energy_spent ? 6 : what;
  }
  void log(unsigned kind, std::size_t tenant) { result_.events.emplace_back(now_ns_, kind, tenant); }

  void happen(unsigned what, std::size_t who) {
    if (what == executed) {
      happen_to_residents();
    } else if (what == arrival) {
      log(arrival, who);
      arrive(who);
    } else if (what == change) {
      log(change, 0);
      const bool changing = occupied_ || wanted_ != current_;
      ++wanted_;
      if (wanted_ + 1 < options_.configurations.size())
        to_come_.insert({options_.configurations[wanted_ + 1].start_ns, change, 0});
      if (!changing && options_.configurations[wanted_].live) change_at_once();
      if (!occupied_ && (shares() || residents_.empty())) decision_due_ = true;
    } else if (what == expiry) {
      log(expiry, who);
      decision_due_ = true;
    } else if (what == loaded) {
      log(kind_of(what), waiting_.size() + who);
      training_[who].has_minibatch = true;
      training_[who].ready_since_ns = now_ns_;
      if (!occupied_ && (shares() || residents_.empty())) decision_due_ = true;
    } else if (what == look) {
      log(kind_of(what), 0);
      let_supervisor_look();
    } else {
      log(kind_of(what), 0);
      over_ = true;
    }
  }

  void let_supervisor_look() {
    RailEnergyFj drawn_fj{};
    for (std::size_t i = 0; i < max_rails; ++i) drawn_fj[i] = rails_fj_[i] - seen_fj_[i];
    seen_fj_ = rails_fj_;
    if (!options_.supervisor->look(now_ns_, drawn_fj)) {
      over_ = true;
      return;
    }
    to_come_.insert({now_ns_ + options_.supervisor->period_ns(), look, 0});
    OperatingPoint& before = *point_;
    point_ = &options_.supervisor->in_force(*now().point);
    if (point_ == &before) return;
    tell_feeds();
    for (Resident& resident : residents_) slow_down(resident, before);
    if (occupied_ && occupied_as_ == Activity::switching) occupied_uw_ = idle_uw();
    arrange();
  }
  void slow_down(Resident& resident, OperatingPoint& before) const {
    constexpr Int128 one = Int128{1} << 32;
    const bool stalled = resident.stalled_until_ns != never;
    const std::size_t phase = stalled ? resident.least_phase : phase_of(resident);
    resident.least_phase = phase;
    const PaceChange pace{before.expected(resident.tenant), point_->expected(resident.tenant)};
    resident.cost.time_ns = pace.left(resident.cost.time_ns);
    resident.cost.power_uw = pace.power(resident.cost.power_uw);
    resident.left_q = runs<CudaStreams>()
                          ? static_cast<Int128>(static_cast<double>(resident.left_q) * pace.time_factor())
                          : pace.left(static_cast<TimeNs>(resident.left_q / one)) * one;
    if (shares())
      resident.left_q =
          std::max(resident.left_q, left_after_q(resident, phase) + (runs<TimeSlicing>() ? one : Int128{1}));
  }

  void foresee_end_of_energy() {
    if (!options_.energy_budget_fj) return;
    for (auto i = to_come_.begin(); i != to_come_.end();)
      i = std::get<1>(*i) == energy_spent ? to_come_.erase(i) : ++i;
    Int128 left_fj = *options_.energy_budget_fj, power_fj_per_ns = 0;
    for (const auto& [as, energy_fj] : result_.energy_fj) left_fj -= energy_fj;
    for (const std::int64_t rail_uw : power_uw()) power_fj_per_ns += rail_uw;
    if (left_fj > 0 && power_fj_per_ns == 0) return;
    // Of the instants before which something is left the last, by halving.
    Int128 too_early_ns = -1, enough_ns = std::max<Int128>(0, left_fj);
    while (enough_ns - too_early_ns > 1) {
      const Int128 middle_ns = (too_early_ns + enough_ns) / 2;
      (middle_ns * power_fj_per_ns < left_fj ? too_early_ns : enough_ns) = middle_ns;
    }
    to_come_.insert({now_ns_ + static_cast<TimeNs>(enough_ns), energy_spent, 0});
  }

  bool loads() const {
    return std::any_of(options_.training.begin(), options_.training.end(),
                       [](const TrainingOptions& job) { return job.feed != nullptr; });
  }

  // From one nanosecond to the next, because what loading draws is known for the present only.
  bool runs_out_before(TimeNs end_ns) {
    for (; now_ns_ < end_ns; spend(now_ns_ + 1)) {
      Int128 left_fj = *options_.energy_budget_fj;
      for (const auto& [as, energy_fj] : result_.energy_fj) left_fj -= energy_fj;
      if (left_fj > 0) continue;
      log(6, 0);
      return true;
    }
    return false;
  }

  void arrive(std::size_t who) {
    auto& requests = result_.streams[who].requests;
    ++requests.arrived;
    if (static_cast<std::int64_t>(waiting_[who].size()) < options_.streams[who].admission_limit)
      waiting_[who].push_back(now_ns_);
    else
      ++requests.dropped;
    if (++arrived_[who] < arrivals_[who].size())
      to_come_.insert({arrivals_[who][arrived_[who]], arrival, who});
    const bool could_start =
        shares() ? !executes({Work::infer, static_cast<std::uint32_t>(who)}) : residents_.empty();
    if (!occupied_ && could_start)
      decision_due_ = true;  // to be on the safe side: what is not ready does not start
  }

  void happen_to_residents() {
    if (occupied_) {
      log(completion, 0);
      occupied_ = false;
      if (occupied_as_ == Activity::switching) ++result_.mode_switches;
      if (occupied_as_ == Activity::profiling)
        change_further();
      else
        decision_due_ = true;
    } else if (runs<TimeSlicing>()) {
      happen_to_turns();
      decision_due_ = true;
    } else {
      const auto ended =
          std::find_if(residents_.begin(), residents_.end(), [](const Resident& r) { return r.left_q == 0; });
      if (ended == residents_.end()) {
        log(turn, 0);
      } else {
        const Resident resident = *ended;
        residents_.erase(ended);
        finish(resident);
        give_turn();
      }
      decision_due_ = true;
    }
    arrange();
  }

  // The end of a turn, or else of the first stall.
  void happen_to_turns() {
    if (changing_process_ && changed_at_ns_ == now_ns_) {
      log(turn, 0);
      changing_process_ = false;
      last_ = holder()->tenant;
      turn_since_ns_ = now_ns_;
      turn_ends_ns_ = never;
      return;
    }
    const bool executes = in_turns() > 0 && !changing_process_;
    const bool turn_over = executes && (turn_ends_ns_ == now_ns_ || turn_target_reached());
    const auto who =
        turn_over ? holder() : residents_.begin() + (first_to_end_stalling() - residents_.begin());
    Resident resident = *who;
    // However the device was slowed down meanwhile: a stall is over when it was to be.
    if (!turn_over) resident.left_q = left_after_q(resident, resident.least_phase);
    const bool had_gpu = in_turns() > 0;
    residents_.erase(who);
    if (resident.left_q == 0) {
      finish(resident);
    } else {
      log(turn, 0);
      join(resident);
    }
    if (turn_over || (!had_gpu && in_turns() > 0)) give_turn();
  }
  bool turn_target_reached() const {
    const Resident& resident = *holder();
    return resident.left_q == 0 || stalls(resident);
  }

  void finish(const Resident& resident) {
    const std::size_t who = resident.tenant.index();
    ++counts(resident.tenant).finished;
    if (resident.tenant.work() == Work::train) {
      log(completion, waiting_.size() + who);
      training_[who].ready_since_ns = now_ns_;
      if (feed_of(who)) expect(who, feed_of(who)->finished(now_ns_));
      if (feed_of(who) && feed_of(who)->ended()) tell_feeds();
      return;
    }
    log(completion, who);
    result_.streams[who].responses_ns.push_back(now_ns_ - resident.formed_ns);
    for (const TimeNs arrival_ns : resident.requests) {
      auto& stream = result_.streams[who];
      stream.latencies_ns.push_back(now_ns_ - arrival_ns);
      ++stream.requests.completed;
      const TimeNs budget_ns = options_.streams[who].latency_budget_ns;
      if (budget_ns > 0 && now_ns_ - arrival_ns > budget_ns) ++stream.requests.late;
    }
  }

  // --- what is decided ---

  void decide() {
    decision_due_ = false;
    for (auto i = to_come_.begin(); i != to_come_.end();)
      i = std::get<1>(*i) == expiry ? to_come_.erase(i) : ++i;
    if (occupied_) return;
    if (wanted_ != current_) {
      if (residents_.empty()) leave_configuration();
      return;
    }
    if (nothing_left()) {
      over_ = true;
      return;
    }
    while (const auto tenant = chosen()) start(*tenant);
    arrange();
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      const ServingRule& rule = now().serving[i];
      const bool could_start =
          shares() ? !executes({Work::infer, static_cast<std::uint32_t>(i)}) : residents_.empty();
      if (could_start && rule.batch > 0 && rule.max_wait_ns > 0 && !waiting_[i].empty())
        to_come_.insert({waiting_[i].front() + rule.max_wait_ns, expiry, i});
    }
  }

  std::optional<TimeNs> ready_since(std::size_t stream) const {
    const ServingRule& rule = now().serving[stream];
    const auto& waiting = waiting_[stream];
    std::optional<TimeNs> since;
    if (rule.batch == 0 || waiting.empty()) return since;
    if (rule.max_wait_ns > 0 && waiting.front() + rule.max_wait_ns <= now_ns_)
      since = waiting.front() + rule.max_wait_ns;
    if (!rule.only_after_wait && static_cast<std::int64_t>(waiting.size()) >= rule.batch) {
      const TimeNs full_ns = waiting[static_cast<std::size_t>(rule.batch) - 1];
      since = since ? std::min(*since, full_ns) : full_ns;
    }
    return since;
  }

  bool nothing_left() const {
    if (options_.end_ns || options_.energy_budget_fj || current_ + 1 < options_.configurations.size())
      return false;
    for (std::size_t i = 0; i < training_.size(); ++i)
      if (feed_of(i) && feed_of(i)->ends() && !feed_of(i)->ended()) return false;
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      if (arrived_[i] < arrivals_[i].size()) return false;
      if (executes({Work::infer, static_cast<std::uint32_t>(i)}) || ready_since(i)) return false;
      const ServingRule& rule = now().serving[i];
      if (rule.batch > 0 && rule.max_wait_ns > 0 && !waiting_[i].empty()) return false;
    }
    return true;
  }

  std::optional<Tenant> chosen() const {
    if (!shares() && !residents_.empty()) return std::nullopt;
    // Everyone who may start, with what they are ranked by; ties go to inference, then to
    // who has been ready longest, then to the smaller index.
    std::vector<std::tuple<Int128, int, TimeNs, std::uint32_t>> ready;
    for (std::uint32_t i = 0; i < waiting_.size(); ++i) {
      const auto since = ready_since(i);
      if (!since || executes({Work::infer, i})) continue;
      const TimeNs budget_ns = options_.streams[i].latency_budget_ns;
      Int128 rank = *since;
      if (runs<ManagedInterleaving>()) rank = -1;
      if (runs<EarliestDeadline>()) rank = budget_ns > 0 ? waiting_[i].front() + budget_ns : never;
      if (runs<FixedPriority>()) rank = options_.streams[i].priority;
      ready.emplace_back(rank, 0, runs<ManagedInterleaving>() ? 0 : *since, i);
    }
    for (std::uint32_t i = 0; i < training_.size(); ++i) {
      if (!now().training[i].trains || executes({Work::train, i}) || !training_[i].has_minibatch) continue;
      if (runs<ManagedInterleaving>() && !fits(i)) continue;
      Int128 rank = training_[i].ready_since_ns;
      if (runs<EarliestDeadline>()) rank = Int128{never} + 1;
      if (runs<FixedPriority>()) rank = options_.training[i].priority;
      ready.emplace_back(rank, 1, training_[i].ready_since_ns, i);
    }
    if (ready.empty()) return std::nullopt;
    const auto& [rank, trains, since, index] = *std::min_element(ready.begin(), ready.end());
    return Tenant{trains ? Work::train : Work::infer, index};
  }

  bool fits(std::size_t job) const {
    const TrainingRule& training = now().training[job];
    bool cycles = false;
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      const ServingRule& rule = now().serving[i];
      if (rule.batch == 0) continue;
      cycles = true;
      const auto missing =
          static_cast<long double>(rule.batch) - static_cast<long double>(waiting_[i].size());
      if (!rule.only_after_wait && rule.expected_rate_hz > 0 &&
          missing / rule.expected_rate_hz < static_cast<long double>(training.time_ns) / 1e9L)
        return false;
      if (rule.max_wait_ns > 0 && !waiting_[i].empty() &&
          now_ns_ + training.time_ns > waiting_[i].front() + rule.max_wait_ns)
        return false;
    }
    return !cycles || training.max_per_cycle < 0 || training_[job].this_cycle < training.max_per_cycle;
  }

  void start(Tenant tenant) {
    Resident resident{tenant, point_->minibatch(tenant), one_phase, {}, 0, 0};
    if (tenant.work() == Work::infer) resident.formed_ns = *ready_since(tenant.index());
    if (shares()) resident.phases = point_->phases(tenant);
    resident.left_q = Int128{resident.cost.time_ns} << 32;
    ++counts(tenant).started;
    if (tenant.work() == Work::infer) {
      auto& waiting = waiting_[tenant.index()];
      while (!waiting.empty() &&
             static_cast<std::int64_t>(resident.requests.size()) < now().serving[tenant.index()].batch) {
        resident.requests.push_back(waiting.front());
        waiting.pop_front();
      }
      for (Job& job : training_) job.this_cycle = 0;
    } else {
      ++training_[tenant.index()].this_cycle;
      if (feed_of(tenant.index())) expect(tenant.index(), feed_of(tenant.index())->started(now_ns_));
    }
    const bool had_gpu = in_turns() > 0;
    join(resident);
    if (!had_gpu && in_turns() > 0) give_turn();
  }

  // --- configurations ---

  void change_at_once() {
    current_ = wanted_;
    OperatingPoint& before = *point_;
    take_point_and_rules();
    if (point_ == &before) return;
    ++result_.mode_switches;
    for (Resident& resident : residents_) slow_down(resident, before);
    arrange();
  }

  void leave_configuration() {
    const OperatingPoint* before = now().point;
    const std::size_t from = current_;
    std::size_t next = wanted_;
    for (std::size_t i = wanted_; i > current_; --i)
      if (!options_.configurations[i].profiling.empty()) next = i;
    current_ = next;
    switch_time_ns_ = now().point != before ? now().switch_ns : 0;
    if (options_.switch_ns) switch_time_ns_ = options_.switch_ns(from, current_);
    enter_configuration();
  }

  void take_point_and_rules() {
    const OperatingPoint* before = point_;
    point_ = now().point;
    if (options_.supervisor) point_ = &options_.supervisor->in_force(*point_);
    if (point_ != before) tell_feeds();
    for (Job& job : training_) {
      job.ready_since_ns = now_ns_;
      job.this_cycle = 0;
    }
  }

  void enter_configuration() {
    take_point_and_rules();
    profiled_ = 0;
    if (!now().profiling.empty()) switch_time_ns_ = now().switch_ns;
    change_further();
    arrange();
  }

  void tell_feeds() {
    core_uw_ = point_->loading_cpu().core_uw;
    std::vector<std::size_t> loading;
    for (std::size_t i = 0; i < training_.size(); ++i)
      if (feed_of(i) && !feed_of(i)->ended()) loading.push_back(i);
    LoadingCpu share = point_->loading_cpu();
    share.cores /= static_cast<double>(loading.size());
    for (const std::size_t i : loading) expect(i, feed_of(i)->set_cpu(now_ns_, share));
  }

  void change_further() {
    if (profiled_ < now().profiling.size()) {
      const ProfilingStretch& stretch = now().profiling[profiled_++];
      occupy(Activity::profiling, stretch.time_ns, stretch.power_uw);
    } else if (switch_time_ns_ > 0) {
      occupy(Activity::switching, switch_time_ns_, idle_uw());
      switch_time_ns_ = 0;
    } else {
      decision_due_ = true;
    }
  }

  void occupy(Activity as, TimeNs time_ns, const RailPowerUw& power_uw) {
    occupied_ = true;
    occupied_as_ = as;
    occupied_until_ns_ = now_ns_ + time_ns;
    occupied_uw_ = power_uw;
  }

  const AcceleratorOptions& options_;
  const std::vector<std::vector<TimeNs>>& arrivals_;
  std::vector<std::size_t> arrived_;
  std::vector<std::deque<TimeNs>> waiting_;
  std::vector<Job> training_;
  std::set<std::tuple<TimeNs, unsigned, std::size_t>> to_come_;  // instant, order at one instant, who
  std::vector<Resident> residents_;                              // in the order of turns, or of their starts
  TimeNs now_ns_ = 0;
  bool decision_due_ = false, over_ = false;
  bool occupied_ = false;
  Activity occupied_as_ = Activity::idle;
  TimeNs occupied_until_ns_ = 0;
  RailPowerUw occupied_uw_{};
  bool changing_process_ = false;
  TimeNs changed_at_ns_ = 0, turn_since_ns_ = 0, turn_ends_ns_ = never;
  std::optional<Tenant> last_;
  std::size_t stalls_ = 0;
  std::size_t current_ = 0, wanted_ = 0, profiled_ = 0;
  TimeNs switch_time_ns_ = 0;
  OperatingPoint* point_ = nullptr;
  RailPowerUw core_uw_{};
  RailEnergyFj rails_fj_{}, seen_fj_{};
  NaiveResult result_;
};

}  // namespace wattline::sim
