#include "policies/als.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <climits>
#include <set>

namespace wattline::policies {

namespace {

using devices::ModeSpace;

// The modes that no other beats in both power and time, by rising power.
std::vector<std::size_t> pareto_front(const std::vector<Measured>& column) {
  std::vector<std::size_t> order;
  for (std::size_t mode = 0; mode < column.size(); ++mode) {
    if (column[mode].time_ns > 0) order.push_back(mode);
  }
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const auto key = [&](std::size_t mode) {
      return std::tuple(column[mode].power_w, column[mode].time_ns, mode);
    };
    return key(a) < key(b);
  });
  std::vector<std::size_t> front;
  for (const std::size_t mode : order) {
    if (front.empty() || column[mode].time_ns < column[front.back()].time_ns) front.push_back(mode);
  }
  return front;
}

// Those of the front that are not yet known, one of each bin of power in turn.
std::vector<std::size_t> by_bins(const std::vector<Measured>& column, const std::set<std::size_t>& known,
                                 int bins) {
  const std::vector<std::size_t> front = pareto_front(column);
  if (front.empty()) return {};
  const double low_w = column[front.front()].power_w;
  const double width_w = (column[front.back()].power_w - low_w) / bins;
  std::vector<std::vector<std::size_t>> binned(static_cast<std::size_t>(bins));
  for (const std::size_t mode : front) {
    if (known.contains(mode)) continue;
    const double at = width_w > 0 ? (column[mode].power_w - low_w) / width_w : 0;
    binned[static_cast<std::size_t>(std::clamp(at, 0.0, bins - 1.0))].push_back(mode);
  }
  std::vector<std::size_t> order;
  for (std::size_t turn = 0; turn < front.size(); ++turn) {
    for (const auto& bin : binned) {
      if (turn < bin.size()) order.push_back(bin[turn]);
    }
  }
  return order;
}

// Shares of the time of the fastest mode that inference may take: of arrival rates only the problem knows,
// and what is profiled serves all of them.
constexpr double loads[] = {0, 0.25, 0.5, 0.75};

// What interleaving comes to: the power of the hungrier minibatch, and the time from one training minibatch
// to the next where inference takes `load` of the time of its fastest mode, and more of slower ones.
std::vector<Measured> interleaved(const std::vector<Measured>& train, const std::vector<Measured>& infer,
                                  double load) {
  std::vector<Measured> column(train.size());
  sim::TimeNs fastest = 0;
  for (const Measured& cost : infer) {
    if (cost.time_ns > 0 && (fastest == 0 || cost.time_ns < fastest)) fastest = cost.time_ns;
  }
  for (std::size_t mode = 0; mode < std::min(train.size(), infer.size()); ++mode) {
    if (train[mode].time_ns <= 0 || infer[mode].time_ns <= 0) continue;
    const double left = 1 - load * static_cast<double>(infer[mode].time_ns) / static_cast<double>(fastest);
    if (left <= 0) continue;
    column[mode] = predicted(sim::ns_to_ms(train[mode].time_ns) / left,
                             std::max(train[mode].power_w, infer[mode].power_w));
  }
  return column;
}

// A mode to profile: in full, or training and inference at one batch.
struct Candidate {
  std::size_t mode;
  std::optional<std::size_t> batch;
};

class Learning {
 public:
  Learning(const AlsOptions& options, const Problem& like, const ModeSpace& modes, Notebook& notebook)
      : options_(options),
        like_(like),
        modes_(modes),
        notebook_(notebook),
        stream_(options.networks.seed, fmt::format("als/{}", family_name(like))),
        inferred_(like.infer_batches.size()) {}

  Learnt run() {
    const std::vector<std::size_t> random = random_modes(stream_, modes_.size(), modes_.size());
    const std::size_t wanted = wanted_points();
    for (std::size_t i = 0; i < std::min(random.size(), count_of(options_.initial_modes)); ++i) {
      if (points() >= wanted) break;
      profile({random[i], std::nullopt}, "random mode");
    }
    const std::size_t initial = points();
    const std::size_t rounds = count_of(options_.rounds);
    for (std::size_t round = 1; round <= rounds && points() < wanted; ++round) {
      const std::size_t until = initial + (wanted - initial) * round / rounds;
      if (points() >= until) continue;  // more rounds than points
      const Predictions predictions = predict_from_sample(like_, modes_, sample_, options_.networks);
      for (const Candidate& candidate : candidates(predictions)) {
        if (points() >= until) break;
        profile(candidate, fmt::format("on the front of round {}", round));
      }
      // A front that was profiled to its end leaves the rest to chance.
      for (std::size_t i = 0; i < random.size() && points() < until; ++i)
        profile({random[i], std::nullopt}, "random mode, the front being known");
      if (notebook_.failed() || notebook_.exhausted()) break;
    }
    if (options_.plans == AlsOptions::Plans::profiled) return {{}, sample_};
    return {predict_from_sample(like_, modes_, sample_, options_.networks), sample_};
  }

 private:
  static std::size_t count_of(int option) { return static_cast<std::size_t>(option); }

  // Modes of training, or else modes at one batch.
  std::size_t points() const { return like_.infers() ? sample_.infer.size() : sample_.train.size(); }
  std::size_t wanted_points() const {
    if (!like_.infers()) return std::min(modes_.size(), count_of(options_.train_modes));
    const std::size_t batches = like_.infer_batches.size();
    return std::min(modes_.size() * batches, like_.interleaves() ? count_of(options_.concurrent_points)
                                                                 : count_of(options_.infer_modes) * batches);
  }

  void profile(const Candidate& candidate, const std::string& reason) {
    const devices::PowerMode at = modes_.at(candidate.mode);
    if (like_.trains() && trained_.insert(candidate.mode).second) {
      if (const auto seen = notebook_.train(at, reason)) sample_.train.push_back({candidate.mode, 0, *seen});
    }
    if (!like_.infers()) return;
    for (std::size_t batch = 0; batch < like_.infer_batches.size(); ++batch) {
      if (candidate.batch.value_or(batch) != batch || !inferred_[batch].insert(candidate.mode).second)
        continue;
      const auto seen = notebook_.infer(at, like_.infer_batches[batch], reason);
      if (seen) sample_.infer.push_back({candidate.mode, batch, *seen});
    }
  }

  // Those of each front in turn: of training, of inference at each batch, or of both together at each batch
  // and load.
  std::vector<Candidate> candidates(const Predictions& predictions) const {
    std::vector<std::vector<Candidate>> lists;
    const auto add = [&](const std::vector<Measured>& column, const std::set<std::size_t>& known,
                         std::optional<std::size_t> batch) {
      lists.emplace_back();
      for (const std::size_t mode : by_bins(column, known, options_.bins))
        lists.back().push_back({mode, batch});
    };
    if (!like_.infers()) add(predictions.train, trained_, std::nullopt);
    for (std::size_t batch = 0; batch < predictions.infer.size(); ++batch) {
      const std::vector<Measured>& infer = predictions.infer[batch];
      if (!like_.interleaves()) {
        add(infer, inferred_[batch], std::nullopt);
        continue;
      }
      for (const double load : loads)
        add(interleaved(predictions.train, infer, load), inferred_[batch], batch);
    }
    std::vector<Candidate> order;
    for (std::size_t turn = 0; turn < modes_.size(); ++turn) {
      for (const auto& list : lists) {
        if (turn < list.size()) order.push_back(list[turn]);
      }
    }
    return order;
  }

  const AlsOptions& options_;
  const Problem& like_;
  const ModeSpace& modes_;
  Notebook& notebook_;
  sim::RandomStream stream_;
  Sample sample_;
  std::set<std::size_t> trained_;                // modes in which training was profiled
  std::vector<std::set<std::size_t>> inferred_;  // and inference, by batch
};

}  // namespace

std::unique_ptr<Solver> Als::start(Platform& platform) const {
  const auto learn = [options = options_](const Problem& like, const ModeSpace& modes, Notebook& notebook) {
    return Learning(options, like, modes, notebook).run();
  };
  return std::make_unique<PredictingSolver>(platform, INT_MAX, options_.margin, learn);
}

Outcome Als::solve(const Problem& problem, Platform& platform) const {
  return start(platform)->solve(problem);
}

}  // namespace wattline::policies
