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

// Those of the front that were not profiled, one of each bin of power in turn.
std::vector<std::size_t> by_bins(const std::vector<Measured>& column, const std::set<std::size_t>& profiled,
                                 int bins) {
  const std::vector<std::size_t> front = pareto_front(column);
  if (front.empty()) return {};
  const double low_w = column[front.front()].power_w;
  const double width_w = (column[front.back()].power_w - low_w) / bins;
  std::vector<std::vector<std::size_t>> binned(static_cast<std::size_t>(bins));
  for (const std::size_t mode : front) {
    if (profiled.contains(mode)) continue;
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

class Learning {
 public:
  Learning(const AlsOptions& options, const Problem& like, const ModeSpace& modes, Notebook& notebook)
      : options_(options),
        like_(like),
        modes_(modes),
        notebook_(notebook),
        stream_(options.networks.seed, fmt::format("als/{}", family_name(like))) {}

  Learnt run() {
    const std::size_t wanted = std::min(modes_.size(), count());
    const std::size_t initial =
        std::clamp<std::size_t>(static_cast<std::size_t>(options_.initial_modes), 1, wanted);
    std::vector<std::size_t> random = random_modes(stream_, modes_.size(), modes_.size());
    for (std::size_t i = 0; i < initial; ++i) profile(random[i], "random mode");
    const auto rounds = static_cast<std::size_t>(options_.rounds);
    for (std::size_t round = 1; round <= rounds && profiled_.size() < wanted; ++round) {
      const Predictions predictions = predict_from_sample(like_, modes_, sample_, options_.networks);
      const std::size_t until = initial + (wanted - initial) * round / rounds;
      for (const std::size_t mode : candidates(predictions)) {
        if (profiled_.size() >= until) break;
        profile(mode, fmt::format("on the front of round {}", round));
      }
      // A front that was profiled to its end leaves the rest to chance.
      for (std::size_t i = 0; i < random.size() && profiled_.size() < until; ++i)
        profile(random[i], "random mode, the front being known");
      if (notebook_.failed() || notebook_.exhausted()) break;
    }
    if (options_.plans == AlsOptions::Plans::profiled) return {{}, sample_};
    return {predict_from_sample(like_, modes_, sample_, options_.networks), sample_};
  }

 private:
  std::size_t count() const {
    if (like_.interleaves()) return static_cast<std::size_t>(options_.concurrent_modes);
    return static_cast<std::size_t>(like_.trains() ? options_.train_modes : options_.infer_modes);
  }

  void profile(std::size_t mode, const std::string& reason) {
    if (!profiled_.insert(mode).second) return;
    profile_mode(like_, modes_, mode, reason, notebook_, sample_);
  }

  // The fronts of training and of every batch, a mode of each in turn.
  std::vector<std::size_t> candidates(const Predictions& predictions) const {
    std::vector<std::vector<std::size_t>> lists = {by_bins(predictions.train, profiled_, options_.bins)};
    for (const auto& column : predictions.infer) lists.push_back(by_bins(column, profiled_, options_.bins));
    std::vector<std::size_t> order;
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
  std::set<std::size_t> profiled_;
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
