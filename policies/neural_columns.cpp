#include "policies/neural_columns.hpp"

#include <algorithm>

#include "sim/elementary.hpp"

namespace wattline::policies {

namespace {

using devices::ModeSpace;
using devices::PowerMode;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using surrogate::Network;

// Inputs and targets of one role.
struct Rows {
  MatrixXd inputs;
  VectorXd time_ms, power_w;
};

void set_row(MatrixXd& inputs, std::size_t row, const PowerMode& mode, std::optional<int> batch) {
  const auto at = static_cast<Index>(row);
  inputs(at, 0) = mode.cores;
  inputs(at, 1) = mode.cpu_khz * 1e-3;
  inputs(at, 2) = mode.gpu_khz * 1e-3;
  inputs(at, 3) = mode.emc_khz * 1e-3;
  if (batch) inputs(at, 4) = *batch;
}

double target_of(double value, bool logarithms) {
  return logarithms ? sim::log(std::max(1e-9, value)) : value;
}

Rows rows_of(const ModeSpace& modes, const std::vector<Observed>& sample, const std::vector<int>* batches,
             bool logarithms) {
  const auto count = static_cast<Index>(sample.size());
  Rows rows{MatrixXd(count, batches ? 5 : 4), VectorXd(count), VectorXd(count)};
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const Observed& seen = sample[i];
    set_row(rows.inputs, i, modes.at(seen.mode),
            batches ? std::optional((*batches)[seen.batch]) : std::nullopt);
    rows.time_ms[static_cast<Index>(i)] = target_of(sim::ns_to_ms(seen.minibatch.time_ns), logarithms);
    rows.power_w[static_cast<Index>(i)] = target_of(seen.minibatch.power_w, logarithms);
  }
  return rows;
}

// Nothing where either network says nothing.
std::vector<Measured> applied(const Network& time, const Network& power, const MatrixXd& inputs,
                              bool logarithms) {
  const auto times = surrogate::predict(time, inputs);
  const auto powers = surrogate::predict(power, inputs);
  std::vector<Measured> column(static_cast<std::size_t>(inputs.rows()));
  if (!times || !powers) return column;
  for (std::size_t i = 0; i < column.size(); ++i) {
    column[i] = logarithms ? predicted(sim::exp((*times)[i]), sim::exp((*powers)[i]))
                           : predicted((*times)[i], (*powers)[i]);
  }
  return column;
}

MatrixXd all_modes(const ModeSpace& modes, std::optional<int> batch) {
  MatrixXd inputs(static_cast<Index>(modes.size()), batch ? 5 : 4);
  for (std::size_t mode = 0; mode < modes.size(); ++mode) set_row(inputs, mode, modes.at(mode), batch);
  return inputs;
}

std::vector<Observed> at_batch(const std::vector<Observed>& sample, std::size_t batch) {
  std::vector<Observed> chosen;
  for (const Observed& seen : sample) {
    if (seen.batch == batch) chosen.push_back({seen.mode, 0, seen.minibatch});
  }
  return chosen;
}

surrogate::TrainingOptions training(int epochs, int minibatch, std::uint64_t seed) {
  surrogate::TrainingOptions options;
  options.epochs = epochs;
  options.minibatch = minibatch;
  options.seed = seed;
  return options;
}

}  // namespace

Result<TimeAndPower> learn_reference(const Reference& reference, int epochs, bool logarithms,
                                     std::uint64_t seed) {
  const auto count = static_cast<Index>(reference.size());
  Rows rows{MatrixXd(count, 4), VectorXd(count), VectorXd(count)};
  for (std::size_t i = 0; i < reference.size(); ++i) {
    set_row(rows.inputs, i, reference[i].mode, std::nullopt);
    const Measured& seen = reference[i].minibatch;
    rows.time_ms[static_cast<Index>(i)] = target_of(sim::ns_to_ms(seen.time_ns), logarithms);
    rows.power_w[static_cast<Index>(i)] = target_of(seen.power_w, logarithms);
  }
  const auto time = surrogate::train(rows.inputs, rows.time_ms, training(epochs, 32, seed));
  if (!time) return time.error();
  const auto power = surrogate::train(rows.inputs, rows.power_w, training(epochs, 32, seed));
  if (!power) return power.error();
  return TimeAndPower{time->network, power->network};
}

Predictions predict_from_sample(const Problem& like, const ModeSpace& modes, const Sample& sample,
                                const NeuralOptions& options) {
  const auto networks = [&](const Rows& rows, int epochs) -> std::optional<TimeAndPower> {
    const auto time = surrogate::train(rows.inputs, rows.time_ms, training(epochs, 16, options.seed));
    const auto power = surrogate::train(rows.inputs, rows.power_w, training(epochs, 16, options.seed));
    if (!time || !power) return std::nullopt;
    return TimeAndPower{time->network, power->network};
  };
  Predictions predictions;
  if (like.trains()) {
    const auto trained =
        networks(rows_of(modes, sample.train, nullptr, options.logarithms), options.train_epochs);
    if (trained) {
      predictions.train =
          applied(trained->time, trained->power, all_modes(modes, std::nullopt), options.logarithms);
    }
  }
  if (like.infers()) {
    const auto trained =
        networks(rows_of(modes, sample.infer, &like.infer_batches, options.logarithms), options.infer_epochs);
    for (const int batch : like.infer_batches) {
      if (!trained) break;
      predictions.infer.push_back(
          applied(trained->time, trained->power, all_modes(modes, batch), options.logarithms));
    }
  }
  return predictions;
}

Predictions predict_by_transfer(const Problem& like, const ModeSpace& modes, const Sample& sample,
                                const TimeAndPower& reference, int epochs, bool logarithms,
                                std::uint64_t seed) {
  const MatrixXd all = all_modes(modes, std::nullopt);
  const auto column = [&](const std::vector<Observed>& seen) -> std::vector<Measured> {
    const Rows rows = rows_of(modes, seen, nullptr, logarithms);
    const auto options = training(epochs, 32, seed);
    const auto time = surrogate::transfer(reference.time, rows.inputs, rows.time_ms, options, {});
    const auto power = surrogate::transfer(reference.power, rows.inputs, rows.power_w, options, {});
    if (!time || !power) return {};
    return applied(time->network, power->network, all, logarithms);
  };
  Predictions predictions;
  if (like.trains()) predictions.train = column(sample.train);
  if (like.infers()) {
    for (std::size_t batch = 0; batch < like.infer_batches.size(); ++batch)
      predictions.infer.push_back(column(at_batch(sample.infer, batch)));
  }
  return predictions;
}

}  // namespace wattline::policies
