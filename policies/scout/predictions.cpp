#include "policies/scout/predictions.hpp"

#include <algorithm>

namespace wattline::policies::scout {

namespace {

constexpr std::size_t deviate_count = 4096;     // a power of two
constexpr std::size_t most_values = 4'000'000;  // in the tables, unless the fewest hypotheses take more
constexpr std::size_t fewest_tabulated = 64;

}  // namespace

Minibatch background_of(const Problem& problem) {
  return {Stream::background, static_cast<double>(problem.train_batch),
          problem.train_role() == workloads::Role::train};
}

Minibatch inference_of(int batch) {
  return {Stream::inference, static_cast<double>(batch), false};
}

Predictions::Predictions(const Problem& like, const Grid& grid, const Belief& belief,
                         const Measurements& measurements, double blur, bool many_problems)
    : grid_(grid),
      trains_(like.trains()),
      infers_(like.infers()),
      background_(background_of(like)),
      batches_(like.infers() ? like.infer_batches : std::vector<int>{0}),
      background_seen_(grid.size()),
      inference_seen_(grid.size() * batches_.size()),
      laws_(belief.hypotheses().begin(), belief.hypotheses().end()) {
  sim::RandomStream random(1, "scout/blur");
  for (std::size_t i = 0; i < deviate_count; ++i) {
    time_blur_.push_back(static_cast<float>(std::max(0.1, 1 + blur * random.normal())));
    power_blur_.push_back(static_cast<float>(std::max(0.1, 1 + blur * random.normal())));
  }
  const std::size_t each = 2 * grid.size() * (batches_.size() + 1);
  const std::size_t tabulated = std::min(
      laws_.size(), many_problems ? std::max(fewest_tabulated, most_values / each) : fewest_tabulated);
  for (std::size_t h = 0; h < tabulated; ++h) tables_.push_back(tabulate(h));
  for (const auto& [mode, seen] : measurements.background) take(Stream::background, mode, 0, seen);
  for (const auto& [point, seen] : measurements.inference)
    take(Stream::inference, point.first, point.second, seen);
}

void Predictions::Column::set(std::size_t mode, const Cost& cost) {
  time_ms[mode] = static_cast<float>(cost.ms);
  power_w[mode] = static_cast<float>(cost.w);
}

void Predictions::take(Stream stream, std::size_t mode, int batch, const Measured& seen) {
  const Cost cost{sim::ns_to_ms(seen.time_ns), seen.power_w};
  if (stream == Stream::background) {
    background_seen_[mode] = cost;
    for (Table& table : tables_) table.background.set(mode, cost);
    return;
  }
  const auto found = std::find(batches_.begin(), batches_.end(), batch);
  if (found == batches_.end()) return;
  const auto column = static_cast<std::size_t>(found - batches_.begin());
  inference_seen_[column * modes() + mode] = cost;
  for (Table& table : tables_) table.inference[column].set(mode, cost);
}

std::size_t Predictions::blur_of(std::size_t hypothesis, int batch) const {
  const std::uint64_t key = hypothesis * 131 + static_cast<std::uint64_t>(batch);
  return static_cast<std::size_t>((key * 0x9e3779b97f4a7c15u) >> 52);
}

Predictions::Column Predictions::tabulate(const Law& law, const Minibatch& minibatch, std::size_t hypothesis,
                                          int batch) const {
  std::vector<double> time_ms, power_w;
  law.predict(minibatch, grid_, time_ms, power_w);
  Column column{std::vector<float>(time_ms.size()), std::vector<float>(time_ms.size())};
  // The deviates are a ring: in stretches, for loops that vectorise.
  std::size_t at = blur_of(hypothesis, batch);
  for (std::size_t begin = 0; begin < time_ms.size();) {
    const std::size_t length = std::min(time_ms.size() - begin, deviate_count - at);
    for (std::size_t i = 0; i < length; ++i) {
      column.time_ms[begin + i] = static_cast<float>(time_ms[begin + i]) * time_blur_[at + i];
      column.power_w[begin + i] = static_cast<float>(power_w[begin + i]) * power_blur_[at + i];
    }
    begin += length;
    at = 0;
  }
  return column;
}

Predictions::Table Predictions::tabulate(std::size_t hypothesis) const {
  Table table;
  if (trains_) table.background = tabulate(laws_[hypothesis], background_, hypothesis, 0);
  for (const int batch : batches_) {
    table.inference.push_back(infers_ ? tabulate(laws_[hypothesis], inference_of(batch), hypothesis, batch)
                                      : Column{});
  }
  return table;
}

Cost Predictions::computed(std::size_t hypothesis, const Minibatch& minibatch, int batch,
                           std::size_t mode) const {
  const Law& law = laws_[hypothesis];
  const Cost predicted = law.cost(law.work_of(minibatch), grid_.at(mode));
  const std::size_t at = (blur_of(hypothesis, batch) + mode) % deviate_count;
  return {predicted.ms * time_blur_[at], predicted.w * power_blur_[at]};
}

Pair Predictions::at(std::size_t hypothesis, std::size_t column, std::size_t mode) const {
  Pair pair;
  if (trains_) {
    Cost cost = background_seen_[mode];
    if (cost.ms == 0 && hypothesis < tables_.size())
      cost = tables_[hypothesis].background.at(mode);
    else if (cost.ms == 0)
      cost = computed(hypothesis, background_, 0, mode);
    pair.background_ms = cost.ms;
    pair.background_w = cost.w;
  }
  if (infers_) {
    Cost cost = inference_seen_[column * modes() + mode];
    if (cost.ms == 0 && hypothesis < tables_.size())
      cost = tables_[hypothesis].inference[column].at(mode);
    else if (cost.ms == 0)
      cost = computed(hypothesis, inference_of(batches_[column]), batches_[column], mode);
    pair.inference_ms = cost.ms;
    pair.inference_w = cost.w;
  }
  return pair;
}

}  // namespace wattline::policies::scout
