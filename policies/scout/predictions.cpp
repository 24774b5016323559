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
  for (const auto& [mode, seen] : measurements.background) take(Stream::background, mode, 0, seen);
  for (const auto& [point, seen] : measurements.inference)
    take(Stream::inference, point.first, point.second, seen);
  sim::RandomStream random(1, "scout/blur");
  for (std::size_t i = 0; i < deviate_count; ++i)
    deviates_.push_back(static_cast<float>(std::max(0.1, 1 + blur * random.normal())));
  const std::size_t each = 2 * grid.size() * (batches_.size() + 1);
  tabulated_ = std::min(laws_.size(),
                        many_problems ? std::max(fewest_tabulated, most_values / each) : fewest_tabulated);
  for (std::size_t h = 0; h < tabulated_; ++h) tables_.push_back(tabulate(h));
}

void Predictions::take(Stream stream, std::size_t mode, int batch, const Measured& seen) {
  const Cost cost{sim::ns_to_ms(seen.time_ns), seen.power_w};
  if (stream == Stream::background) {
    background_seen_[mode] = cost;
    return;
  }
  const auto column = std::find(batches_.begin(), batches_.end(), batch);
  if (column == batches_.end()) return;
  inference_seen_[static_cast<std::size_t>(column - batches_.begin()) * modes() + mode] = cost;
}

double Predictions::blurring(std::size_t hypothesis, int batch, std::size_t mode, int output) const {
  const std::uint64_t key = (hypothesis * 131 + static_cast<std::uint64_t>(batch)) * 1'000'003 + mode * 2 +
                            static_cast<std::uint64_t>(output);
  return deviates_[(key * 0x9e3779b97f4a7c15u) >> 52];
}

Predictions::Column Predictions::tabulate(const Law& law, const Minibatch& minibatch, std::size_t hypothesis,
                                          int batch) const {
  std::vector<double> time_ms, power_w;
  law.predict(minibatch, grid_, time_ms, power_w);
  Column column;
  column.time_ms.reserve(time_ms.size());
  column.power_w.reserve(time_ms.size());
  for (std::size_t mode = 0; mode < time_ms.size(); ++mode) {
    column.time_ms.push_back(static_cast<float>(time_ms[mode] * blurring(hypothesis, batch, mode, 0)));
    column.power_w.push_back(static_cast<float>(power_w[mode] * blurring(hypothesis, batch, mode, 1)));
  }
  return column;
}

Predictions::Table Predictions::tabulate(std::size_t hypothesis) const {
  Table table;
  if (trains_) table.background = tabulate(laws_[hypothesis], background_, hypothesis, 0);
  for (const int batch : batches_) {
    if (infers_)
      table.inference.push_back(tabulate(laws_[hypothesis], inference_of(batch), hypothesis, batch));
  }
  return table;
}

Cost Predictions::computed(std::size_t hypothesis, const Minibatch& minibatch, int batch,
                           std::size_t mode) const {
  const Law& law = laws_[hypothesis];
  const Cost predicted = law.cost(law.work_of(minibatch), grid_.at(mode));
  return {predicted.ms * blurring(hypothesis, batch, mode, 0),
          predicted.w * blurring(hypothesis, batch, mode, 1)};
}

Pair Predictions::at(std::size_t hypothesis, std::size_t column, std::size_t mode) const {
  Pair pair;
  if (trains_) {
    Cost cost = background_seen_[mode];
    if (cost.ms == 0 && hypothesis < tabulated_)
      cost = tables_[hypothesis].background.at(mode);
    else if (cost.ms == 0)
      cost = computed(hypothesis, background_, 0, mode);
    pair.background_ms = cost.ms;
    pair.background_w = cost.w;
  }
  if (infers_) {
    Cost cost = inference_seen_[column * modes() + mode];
    if (cost.ms == 0 && hypothesis < tabulated_)
      cost = tables_[hypothesis].inference[column].at(mode);
    else if (cost.ms == 0)
      cost = computed(hypothesis, inference_of(batches_[column]), batches_[column], mode);
    pair.inference_ms = cost.ms;
    pair.inference_w = cost.w;
  }
  return pair;
}

}  // namespace wattline::policies::scout
