#include "sim/accelerator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/accelerator_options.hpp"
#include "sim/activity_account.hpp"
#include "sim/agenda.hpp"
#include "sim/configuration_sequence.hpp"
#include "sim/event_stream.hpp"
#include "sim/lane.hpp"

namespace wattline::sim {

namespace {

// One run under one dispatcher. Of what can happen, the end of what executes and the next request of the
// first stream are held here, because they are due most; all else is on the agenda, whose sources are in the
// order of one instant: the other streams' requests, the change of configuration, the streams' waits, the
// jobs' minibatches being loaded, the supervisor's look, the end, and the end of the energy budget.
// What happens rarely is kept out of line, which makes a twentieth more events per second of what happens often.
template <class D, template <class> class Each>
class Run {
 public:
  Run(const AcceleratorOptions& options, const D& dispatcher)
      : options_(options),
        dispatcher_(dispatcher),
        residents_(residents_options(dispatcher)),
        configurations_(options.configurations, options.switch_ns),
        stream_count_(options.streams.size()),
        agenda_(spent() + 1),
        account_(options.observer, idle_uw_) {
    if constexpr (!exactly_one) {
      board_.serving.resize(streams());
      lanes_.resize(streams());
      board_.training.resize(options.training.size());
      jobs_.resize(options.training.size());
    }
    for (std::size_t i = 0; i < streams(); ++i) {
      lanes_[i].source = RequestSource(options.streams[i].arrivals);
      lanes_[i].admission_limit = options.streams[i].admission_limit;
      board_.serving[i].latency_budget_ns = options.streams[i].latency_budget_ns;
      board_.serving[i].priority = options.streams[i].priority;
    }
    for (std::size_t i = 0; i < options.training.size(); ++i) {
      board_.training[i].priority = options.training[i].priority;
      jobs_[i].feed = options.training[i].feed;
      fed_ = fed_ || jobs_[i].feed != nullptr;
    }
  }

  Result<RunResult> operator()() {
    begin();
    while (!ended_ && !error_) step();
    if (error_) return *error_;
    finish();
    if (auto error = check_conservation(result_)) return *error;
    return std::move(result_);
  }

 private:
  static typename D::Residents::Options residents_options(const D& dispatcher) {
    if constexpr (requires { dispatcher.options; })
      return dispatcher.options;
    else
      return {};
  }

  static constexpr bool exactly_one = BasicBoardState<Each>::exactly_one;
  std::size_t streams() const {
    if constexpr (exactly_one)
      return 1;
    else
      return stream_count_;
  }
  std::size_t jobs() const {
    if constexpr (exactly_one)
      return 1;
    else
      return options_.training.size();
  }

  // Sources of the agenda.
  std::size_t change() const { return streams() > 0 ? streams() - 1 : 0; }
  std::size_t wait_of(std::size_t stream) const { return change() + 1 + stream; }
  std::size_t loaded_of(std::size_t job) const { return wait_of(streams() + job); }
  std::size_t look() const { return change() + 1 + streams() + jobs(); }
  std::size_t end() const { return look() + 1; }
  std::size_t spent() const { return end() + 1; }
  void set(std::size_t source, TimeNs due_ns) { agenda_.set(static_cast<Agenda::Source>(source), due_ns); }

  void begin() {
    if (options_.end_ns) set(end(), *options_.end_ns);
    if (options_.energy_budget_fj) account_.limit(*options_.energy_budget_fj);
    if (options_.supervisor) set(look(), options_.supervisor->period_ns());
    await_configuration();
    apply_configuration();
    for (std::size_t stream = 0; stream < streams(); ++stream) {
      const TimeNs due_ns = lanes_[stream].source.next();
      if (stream == 0)
        arrival_due_ns_ = due_ns;
      else
        set(stream - 1, due_ns);
      if (due_ns == never) end_of_requests(stream);
    }
    if (fed_) begin_feeds();
    proceed_with_change();
  }

  void begin_feeds() {
    for (std::size_t job = 0; job < jobs(); ++job) {
      if (MinibatchFeed* const feed = jobs_[job].feed) {
        if (feed->ends()) ++unfinished_feeds_;
        expect_minibatch(job, feed->begin(board_.now_ns));
      }
    }
  }

  // The job's next minibatch will be loaded then.
  [[gnu::noinline]] void expect_minibatch(std::size_t job, TimeNs loaded_ns) {
    const bool has = loaded_ns <= board_.now_ns;
    board_.training[job].has_minibatch = has;
    set(loaded_of(job), has ? never : loaded_ns);
  }

  // What is due first, or the dispatcher's decision when nothing more happens at this instant.
  void step() {
    const TimeNs timer_ns = agenda_.first_due();
    const TimeNs first_ns = first_due();
    if (decision_due_ && (first_ns > board_.now_ns || only_the_end_is_due())) {
      act();
    } else if (completion_due_ns_ == first_ns && first_ns != never) {
      complete(first_ns);
      decide_unless_more_is_due();
    } else if (arrival_due_ns_ == first_ns && first_ns != never) {
      arrive<true>(0, arrival_due_ns_, std::min(completion_due_ns_, timer_ns));
      decide_unless_more_is_due();
    } else if (first_ns != never) {
      ring(agenda_.first(), first_ns);
    } else {
      error_ = no_progress();
    }
  }

  [[gnu::noinline]] Error no_progress() const {
    if (options_.energy_budget_fj)
      return bad_input(
          "the energy budget outlasts the clock's 100 years, and nothing else is left to happen");
    for (std::size_t job = 0; job < jobs(); ++job) {
      const MinibatchFeed* const feed = jobs_[job].feed;
      if (!feed || !feed->ends() || feed->ended()) continue;
      if (!board_.training[job].has_minibatch)
        return bad_input(
            fmt::format("the data of training job {} would be loaded beyond the clock's 100 years", job));
      return bad_input(fmt::format(
          "the run would never end: no more requests come, but the dispatcher does not let training "
          "job {} execute the minibatches that it has left, by the rate that it expects or by the most "
          "minibatches in between; set a duration",
          job));
    }
    return bad_input("the run can make no progress: nothing is left to happen before its end");
  }

  TimeNs first_due() const { return std::min({completion_due_ns_, arrival_due_ns_, agenda_.first_due()}); }

  // Mostly nothing else happens at this instant: the decision need not wait for the next step.
  void decide_unless_more_is_due() {
    if (decision_due_ && first_due() > board_.now_ns) act();
  }

  bool only_the_end_is_due() const {
    return completion_due_ns_ > board_.now_ns && arrival_due_ns_ > board_.now_ns && agenda_.first() >= end();
  }

  // A source of the agenda is due.
  [[gnu::noinline]] void ring(std::size_t source, TimeNs at_ns) {
    if (source < change()) {
      // With those of the same instant; what comes next is likely another stream's.
      arrive<false>(source + 1, at_ns, at_ns + 1);
    } else if (source == change()) {
      enter(EventKind::configuration_change, 0, at_ns);
      ask_for_configuration();
      decision_due_ = decision_due_ || (!occupied_ && residents_.has_room());
    } else if (source == look()) {
      enter(EventKind::look, 0, at_ns);
      let_supervisor_look();
    } else if (source < look()) {
      const std::size_t tenant = source - change() - 1;
      enter(EventKind::wait_over, tenant, at_ns);
      set(source, never);
      if (tenant < streams())
        decision_due_ = true;
      else
        take_loaded(board_.training[tenant - streams()]);
    } else if (source == spent() && !is_spent_at(at_ns)) {
      foresee_end_of_energy();
    } else {
      result_.energy_spent = source == spent();
      enter(result_.energy_spent ? EventKind::energy_spent : EventKind::end, 0, at_ns);
      ended_ = true;
    }
  }

  // Whether it is now that the energy budget is spent: of what loading draws only a bound was foreseen.
  bool is_spent_at(TimeNs now_ns) {
    board_.now_ns = now_ns;
    charge();
    return account_.is_spent();
  }

  void take_loaded(TrainingState& job) {
    job.has_minibatch = true;
    job.ready_since_ns = board_.now_ns;
    decision_due_ = decision_due_ || (!occupied_ && residents_.has_room());
  }

  void let_supervisor_look() {
    set(look(), never);
    if (completion_due_ns_ == never && arrival_due_ns_ == never && !decision_due_ &&
        agenda_.first_due() == never) {
      error_ = no_progress();
      return;
    }
    charge();
    RailEnergyFj drawn_fj{};
    for (std::size_t rail = 0; rail < max_rails; ++rail) {
      const Int128 so_far_fj = account_.energy().rail_fj(rail);
      drawn_fj[rail] = so_far_fj - seen_fj_[rail];
      seen_fj_[rail] = so_far_fj;
    }
    if (!options_.supervisor->look(board_.now_ns, drawn_fj)) {
      result_.shut_down = ended_ = true;
      return;
    }
    const TimeNs period_ns = options_.supervisor->period_ns();
    set(look(), board_.now_ns > longest_time_ns - period_ns ? never : board_.now_ns + period_ns);
    OperatingPoint* const before = point_;
    enter_point();
    if (point_ != before) change_pace(*before);
  }

  // What is in flight goes on at the new point.
  void change_pace(OperatingPoint& before) {
    const auto change_of = [&](Tenant tenant) {
      return PaceChange{before.expected(tenant), point_->expected(tenant)};
    };
    residents_.change_pace(board_.now_ns, change_of);
    if (!occupied_)
      show_residents();
    else if (account_.activity() == Activity::switching)
      become(Activity::switching, idle_uw_);
  }

  // The clock comes to an event.
  void enter(EventKind kind, std::size_t tenant, TimeNs at_ns) {
    board_.now_ns = at_ns;
    events_.enter(kind, tenant, at_ns);
  }

  void await_configuration() { set(change(), configurations_.next_start_ns()); }

  void ask_for_configuration() {
    const bool may_be_live = !occupied_ && !configurations_.change_is_wanted();
    configurations_.want_next();
    await_configuration();
    if (!may_be_live || !configurations_.wanted().live) return;
    charge();
    configurations_.change();
    OperatingPoint* const before = point_;
    apply_configuration();
    if (point_ == before) return;
    ++result_.mode_switches;
    change_pace(*before);
  }

  void end_of_requests(std::size_t stream) {
    const RequestSource& source = lanes_[stream].source;
    if (source.refused())
      error_ = bad_input(
          fmt::format("an arrival at {} ns is out of order or beyond the clock", *source.refused()));
    else
      ++exhausted_;
  }

  // Whether a minibatch of the stream could start now.
  bool accepts(const ServingState& stream) const {
    return !occupied_ && residents_.has_room() && !stream.in_flight;
  }

  // The request of the stream that is due, and at once those that come before anything else happens, at
  // until_ns, or is decided: they only join the queue.
  template <bool first>
  void arrive(std::size_t stream, TimeNs due_ns, TimeNs until_ns) {
    ServingState& state = board_.serving[stream];
    const bool wakes = accepts(state);
    const std::int64_t enough = wakes ? std::min(lanes_[stream].wakes_at, too_many_) : too_many_;
    if (decision_due_) until_ns = std::min(until_ns, board_.now_ns + 1);
    const std::int64_t limit = lanes_[stream].admission_limit;
    const std::uint64_t tenant = EventStream::tenant_bits(stream);
    RequestSource& source = lanes_[stream].source;
    std::uint64_t signature = events_.signature, arrived = 0;
    auto waiting = static_cast<std::int64_t>(state.waiting.size());
    const std::int64_t before = waiting;
    TimeNs at_ns = 0, next_ns = due_ns;
    do {
      at_ns = next_ns;
      signature = EventStream::mixed(signature, EventKind::arrival, tenant, at_ns);
      ++arrived;
      if (waiting < limit) [[likely]] {
        state.waiting.push(at_ns);
        ++waiting;
      }
      next_ns = source.next();
    } while (next_ns < until_ns && waiting < enough);
    board_.now_ns = at_ns;
    events_.signature = signature;
    events_.events += arrived;
    RequestCounts& counts = lanes_[stream].result.requests;
    counts.arrived += arrived;
    counts.dropped += arrived - static_cast<std::uint64_t>(waiting - before);
    if constexpr (first)
      arrival_due_ns_ = next_ns;
    else
      set(stream - 1, next_ns);
    if (next_ns == never) [[unlikely]]
      end_of_requests(stream);
    note(stream);
    decision_due_ = decision_due_ || (wakes && (waiting >= lanes_[stream].wakes_at || next_ns == never));
    if (waiting == too_many_) [[unlikely]]
      overrun();
  }

  void overrun() {
    error_ = failure(
        fmt::format("at {} s more than {} requests wait: the device does not keep up with the arrivals",
                    ns_to_seconds(board_.now_ns), options_.max_waiting));
  }

  [[gnu::noinline]] void overrun_clock() {
    error_ = bad_input(fmt::format("at {} s what executes would end beyond the clock's 100 years",
                                   ns_to_seconds(board_.now_ns)));
  }

  // A minibatch, a turn, a stretch of profiling or a mode switch ends.
  void complete(TimeNs at_ns) {
    if (at_ns > longest_time_ns) [[unlikely]] {
      overrun_clock();
      return;
    }
    if (occupied_) [[unlikely]] {
      enter(EventKind::completion, 0, at_ns);
      end_of_occupation();
      return;
    }
    board_.now_ns = at_ns;
    charge();
    const Tenant ended = residents_.advance(at_ns);
    completion_due_ns_ = residents_.due();
    if (ended == Tenant::nobody()) {
      // Nobody has become ready, so there is nothing to decide.
      enter(EventKind::turn, 0, at_ns);
      show_residents();
      return;
    }
    if (ended.work() == Work::infer) {
      enter(EventKind::completion, ended.index(), at_ns);
      serve(ended.index());
    } else {
      enter(EventKind::completion, streams() + ended.index(), at_ns);
      end_of_training(ended.index());
    }
    decision_due_ = true;
  }

  void end_of_occupation() {
    occupied_ = false;
    completion_due_ns_ = never;
    if (account_.activity() == Activity::profiling) {
      proceed_with_change();
      return;
    }
    ++result_.mode_switches;
    become(Activity::idle, idle_uw_);
    decision_due_ = true;
  }

  void serve(std::size_t stream) {
    if (options_.observer) [[unlikely]]
      for (const TimeNs arrival_ns : lanes_[stream].in_service)
        options_.observer->served(stream, arrival_ns, board_.now_ns);
    lanes_[stream].serve(board_.serving[stream], board_.now_ns);
  }

  void end_of_training(std::size_t job) {
    ++jobs_[job].counts.finished;
    board_.training[job].in_flight = false;
    board_.training[job].ready_since_ns = board_.now_ns;
    if (options_.observer) options_.observer->trained(job, board_.now_ns);
    if (MinibatchFeed* const feed = jobs_[job].feed) [[unlikely]] {
      expect_minibatch(job, feed->finished(board_.now_ns));
      if (feed->ended()) {
        --unfinished_feeds_;
        share_cpu();
      }
    }
  }

  [[gnu::always_inline]] void charge() {
    if (fed_) [[unlikely]]
      charge_loading();
    account_.charge(board_.now_ns);
  }
  // Stretch by stretch in which loading draws the same, where someone sees them.
  [[gnu::noinline]] void charge_loading() {
    while (account_.is_observed()) {
      TimeNs until_ns = never;
      for (const Job& job : jobs_)
        if (job.feed) until_ns = std::min(until_ns, job.feed->core_use_until(account_.charged_until_ns()));
      if (until_ns >= board_.now_ns) break;
      add_loading(until_ns);
      account_.charge(until_ns);
    }
    add_loading(board_.now_ns);
  }
  void add_loading(TimeNs until_ns) {
    RailEnergyFj loading_fj{};
    for (Job& job : jobs_) {
      if (!job.feed) continue;
      const TimeNs core_ns = job.feed->core_ns(until_ns);
      for (std::size_t rail = 0; rail < max_rails; ++rail)
        loading_fj[rail] += Int128{loading_cpu_.core_uw[rail]} * (core_ns - job.charged_core_ns);
      job.charged_core_ns = core_ns;
    }
    account_.add(loading_fj);
  }
  void become(Activity activity, const RailPowerUw& power_uw) {
    charge();
    account_.become(activity, power_uw, board_.now_ns);
    if (options_.energy_budget_fj) [[unlikely]]
      foresee_end_of_energy();
  }
  [[gnu::noinline]] void foresee_end_of_energy() {
    Int128 loading_uw = 0;
    if (fed_)
      for (const std::int64_t rail_uw : loading_cpu_.core_uw) loading_uw += rail_uw;
    const auto all_jobs = static_cast<std::int64_t>(jobs());
    const auto cores = static_cast<std::int64_t>(std::ceil(loading_cpu_.cores));
    set(spent(), account_.spent_at(board_.now_ns, loading_uw * cores * all_jobs, loading_uw * all_jobs));
  }

  // The dispatcher's turn.
  void act() {
    decision_due_ = false;
    if (occupied_) return;
    charge();
    if (configurations_.change_is_wanted()) {
      hold_requests();
      if (residents_.empty())
        switch_configuration();
      else
        show_residents();
      return;
    }
    if (nothing_left()) {
      ended_ = true;
      return;
    }
    while (residents_.has_room()) {
      const Tenant next = dispatcher_.choose(board_);
      if (next == Tenant::nobody()) break;
      if (!start(next)) return;
    }
    show_residents();
    await_requests();
  }

  // What the device does from now on.
  void show_residents() {
    completion_due_ns_ = residents_.due();
    if (residents_.empty())
      become(Activity::idle, idle_uw_);
    else
      become(residents_.activity(), residents_.power_uw(*point_));
  }

  // Without a set end, the run ends when no request will come, none that waits can ever be served, and every
  // feed that ends has.
  bool nothing_left() const {
    if (exhausted_ < streams() || unfinished_feeds_ > 0 || has_end(options_)) return false;
    if (!configurations_.is_last()) return false;
    return std::none_of(board_.serving.begin(), board_.serving.end(), [&](const ServingState& stream) {
      const bool will_be = stream.rule.batch > 0 && stream.rule.max_wait_ns > 0 && !stream.waiting.empty();
      return stream.in_flight || will_be || is_ready(stream, board_.now_ns);
    });
  }

  bool start(Tenant tenant) {
    const MinibatchCost cost = point_->minibatch(tenant);
    if (cost.time_ns < 1 || cost.time_ns > longest_time_ns - board_.now_ns) [[unlikely]] {
      if (cost.time_ns < 1 || cost.time_ns > longest_time_ns)
        error_ = bad_input(
            fmt::format("a minibatch of {} ns is not accepted; 1 ns to 100 years is expected", cost.time_ns));
      else
        overrun_clock();
      return false;
    }
    if (tenant.work() == Work::infer) {
      lanes_[tenant.index()].take_minibatch(board_.serving[tenant.index()]);
      note(tenant.index());
      for (TrainingState& job : board_.training) job.this_cycle = 0;
    } else {
      TrainingState& job = board_.training[tenant.index()];
      job.in_flight = true;
      ++job.this_cycle;
      ++jobs_[tenant.index()].counts.started;
      if (MinibatchFeed* const feed = jobs_[tenant.index()].feed) [[unlikely]]
        expect_minibatch(tenant.index(), feed->started(board_.now_ns));
    }
    if constexpr (requires { residents_.start(tenant, cost, Phases{}, board_.now_ns); })
      residents_.start(tenant, cost, point_->phases(tenant), board_.now_ns);
    else
      residents_.start(tenant, cost, board_.now_ns);
    return true;
  }

  // Which requests are to wake the dispatcher, and when the wait of the oldest expires.
  void await_requests() {
    if (!residents_.has_room()) {
      stop_waits();
      return;
    }
    for (std::size_t i = 0; i < streams(); ++i) {
      const ServingState& stream = board_.serving[i];
      const bool waits = !stream.in_flight && stream.rule.batch > 0 && stream.rule.max_wait_ns > 0 &&
                         !stream.waiting.empty();
      lanes_[i].wakes_at = wakes_at(stream);
      if (waits) {
        set(wait_of(i), stream.waiting.oldest() + stream.rule.max_wait_ns);
        waits_set_ = true;
      } else if (waits_set_) {
        set(wait_of(i), never);
      }
    }
  }

  // Nothing that comes is to wake the dispatcher.
  void hold_requests() {
    stop_waits();
    for (Lane& lane : lanes_) lane.wakes_at = INT64_MAX;
  }

  void stop_waits() {
    if (!waits_set_) return;
    for (std::size_t i = 0; i < streams(); ++i) set(wait_of(i), never);
    waits_set_ = false;
  }

  void switch_configuration() {
    configurations_.change();
    apply_configuration();
    proceed_with_change();
  }

  // The rules of the current configuration come into force.
  void apply_configuration() {
    const Configuration& now = configurations_.current();
    for (std::size_t i = 0; i < streams(); ++i) board_.serving[i].rule = now.serving[i];
    for (std::size_t i = 0; i < board_.training.size(); ++i) {
      board_.training[i].rule = now.training[i];
      board_.training[i].this_cycle = 0;
      board_.training[i].ready_since_ns = board_.now_ns;
    }
    for (std::size_t i = 0; i < streams(); ++i) note(i);
    enter_point();
  }

  // The device executes from now on at the point of the configuration, or the one in its place.
  void enter_point() {
    const OperatingPoint* const before = point_;
    point_ = configurations_.current().point;
    if (options_.supervisor) point_ = &options_.supervisor->in_force(*point_);
    idle_uw_ = point_->idle_power_uw();
    if (!fed_ || point_ == before) return;
    loading_cpu_ = point_->loading_cpu();
    share_cpu();
  }

  // Among the feeds that have not ended.
  [[gnu::noinline]] void share_cpu() {
    const auto loads = [](const Job& job) { return job.feed && !job.feed->ended(); };
    LoadingCpu share = loading_cpu_;
    share.cores /= static_cast<double>(std::count_if(jobs_.begin(), jobs_.end(), loads));
    for (std::size_t job = 0; job < jobs(); ++job)
      if (loads(jobs_[job])) expect_minibatch(job, jobs_[job].feed->set_cpu(board_.now_ns, share));
  }

  // A stream's rule or waiting requests have changed: a dispatcher may keep books on many streams.
  void note(std::size_t stream) {
    if constexpr (!exactly_one && requires { dispatcher_.note(board_, stream); })
      dispatcher_.note(board_, stream);
  }

  // The next part of the change to the current configuration.
  void proceed_with_change() {
    if (const auto stretch = configurations_.next_stretch()) {
      occupy(stretch->activity, stretch->power_uw ? *stretch->power_uw : idle_uw_, stretch->time_ns);
    } else {
      become(Activity::idle, idle_uw_);
      decision_due_ = true;
    }
  }

  void occupy(Activity activity, const RailPowerUw& power_uw, TimeNs duration_ns) {
    become(activity, power_uw);
    occupied_ = true;
    completion_due_ns_ = board_.now_ns + duration_ns;
  }

  void finish() {
    charge();
    result_.energy = account_.settled();
    result_.simulated_ns = board_.now_ns;
    result_.events = events_.events;
    result_.signature = events_.signature;
    for (std::size_t i = 0; i < streams(); ++i) {
      lanes_[i].finish(board_.serving[i], board_.now_ns);
      result_.streams.push_back(std::move(lanes_[i].result));
    }
    for (std::size_t i = 0; i < jobs(); ++i) {
      jobs_[i].counts.in_flight = board_.training[i].in_flight ? 1 : 0;
      result_.training.push_back(jobs_[i].counts);
    }
  }

  const AcceleratorOptions& options_;
  const std::int64_t too_many_ = options_.max_waiting + 1;
  D dispatcher_;
  typename D::Residents residents_;
  ConfigurationSequence configurations_;
  const std::size_t stream_count_;
  TimeNs completion_due_ns_ = never;  // of what executes, or occupies the device
  TimeNs arrival_due_ns_ = never;     // of the first stream
  Agenda agenda_;
  BasicBoardState<Each> board_;
  EventStream events_;
  RunResult result_;
  MaybeError error_;

  bool occupied_ = false;            // by profiling or a switch
  OperatingPoint* point_ = nullptr;  // in force
  RailPowerUw idle_uw_{};
  LoadingCpu loading_cpu_;
  RailEnergyFj seen_fj_{};  // energy at the supervisor's last look
  ActivityAccount account_;
  bool decision_due_ = false;
  bool ended_ = false;

  Each<Lane> lanes_{};
  struct Job {
    MinibatchCounts counts;
    MinibatchFeed* feed = nullptr;
    TimeNs charged_core_ns = 0;
  };
  Each<Job> jobs_{};
  bool fed_ = false;                  // whether any job has a feed
  std::size_t unfinished_feeds_ = 0;  // that end, and have not
  std::size_t exhausted_ = 0;         // streams of which no more requests come
  bool waits_set_ = false;            // whether any wait is on the agenda
};

}  // namespace

Result<RunResult> run_accelerator(const AcceleratorOptions& options) {
  if (auto error = check_options(options)) return *error;
  const auto* managed = std::get_if<ManagedInterleaving>(&options.dispatcher);
  if (managed && options.streams.size() == 1 && options.training.size() == 1)
    return Run<ManagedInterleaving, ExactlyOne>(options, *managed)();
  return std::visit([&]<class D>(const D& dispatcher) { return Run<D, AnyNumber>(options, dispatcher)(); },
                    options.dispatcher);
}

}  // namespace wattline::sim
