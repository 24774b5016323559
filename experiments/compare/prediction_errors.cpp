#include "experiments/compare/prediction_errors.hpp"

#include <cmath>
#include <numeric>

#include "experiments/compare/summary.hpp"

namespace wattline::experiments {

namespace {

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

PredictionErrors errors_of(const std::vector<policies::Measured>& predicted, std::size_t modes,
                           const policies::CostTable& truth, int batch) {
  PredictionErrors errors;
  errors.batch = batch;
  std::vector<double> time, power;
  for (std::size_t mode = 0; mode < modes; ++mode) {
    const auto& is = truth.at(mode, batch);
    if (!is) continue;
    const policies::Measured thought = mode < predicted.size() ? predicted[mode] : policies::Measured{};
    if (thought.time_ns <= 0 || !(thought.power_w >= 0)) {
      ++errors.missing;
      continue;
    }
    time.push_back(std::abs(static_cast<double>(thought.time_ns) / static_cast<double>(is->time_ns) - 1));
    power.push_back(std::abs(thought.power_w / is->power_w - 1));
  }
  errors.modes = time.size();
  if (time.empty()) return errors;
  errors.time_mean = mean_of(time);
  errors.time_p95 = quantile(time, 0.95);
  errors.power_mean = mean_of(power);
  errors.power_p95 = quantile(power, 0.95);
  return errors;
}

}  // namespace

std::vector<PredictionErrors> prediction_errors(const policies::Problem& like,
                                                const policies::Predictions& predictions, std::size_t modes,
                                                const policies::CostTable* train,
                                                const policies::CostTable* infer) {
  std::vector<PredictionErrors> list;
  if (train && !predictions.train.empty()) {
    list.push_back(errors_of(predictions.train, modes, *train, like.train_batch));
    list.back().role = like.train_role();
    list.back().background = true;
  }
  for (std::size_t i = 0; infer && i < predictions.infer.size(); ++i) {
    if (predictions.infer[i].empty()) continue;
    list.push_back(errors_of(predictions.infer[i], modes, *infer, like.infer_batches[i]));
    list.back().role = workloads::Role::infer;
  }
  return list;
}

}  // namespace wattline::experiments
