// wattline bench surrogate: how fast surrogates learn, and how well.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <numeric>

#include "devices/roofline.hpp"
#include "experiments/cli/verbs.hpp"
#include "experiments/whole_file.hpp"
#include "policies/predicted_table.hpp"
#include "policies/surrogate/training.hpp"
#include "sim/base/text.hpp"

namespace wattline::experiments {

namespace {

namespace surrogate = policies::surrogate;

struct SurrogateOptions {
  std::string board = "orin-agx-64gb";
  std::string mode_space = "powertrain";
  std::string workload = "resnet18";
  int batch = 16;
  std::size_t samples = 250;
  int epochs = 200;
  int minibatch = 16;
  int seeds = 5;
  std::uint64_t seed = 1;
  std::string export_to;
};

// Modes by row: cores and clocks, and what a training minibatch takes and draws there.
struct Rows {
  Eigen::MatrixXd knobs;
  Eigen::VectorXd time_ms;
  Eigen::VectorXd power_w;
};

struct Data {
  Rows train;
  Rows test;
};

Rows rows_of(const devices::RooflineModel& model, const devices::ModeSpace& modes,
             const SurrogateOptions& options, std::span<const std::size_t> chosen) {
  const auto count = static_cast<Eigen::Index>(chosen.size());
  Rows rows{Eigen::MatrixXd(count, 4), Eigen::VectorXd(count), Eigen::VectorXd(count)};
  for (Eigen::Index i = 0; i < count; ++i) {
    const devices::PowerMode mode = modes.at(chosen[static_cast<std::size_t>(i)]);
    const auto cost =
        required(model.minibatch(options.workload, workloads::Role::train, options.batch, mode));
    rows.knobs.row(i) << mode.cores, mode.cpu_khz, mode.gpu_khz, mode.emc_khz;
    rows.time_ms[i] = sim::ns_to_seconds(cost.time_ns) * 1e3;
    rows.power_w[i] = cost.total_power_w();
  }
  return rows;
}

// `samples` random modes to train on; all others, in their order, to test.
Data make_data(const SurrogateOptions& options) {
  const devices::DeviceSpec spec = required(devices::find_device(options.board));
  const devices::ModeSpace modes = required(devices::find_mode_space(spec, options.mode_space));
  if (options.samples >= modes.size())
    throw CommandError(bad_input(fmt::format("--samples {} leaves none of the {} modes of '{}' to test",
                                             options.samples, modes.size(), options.mode_space)));
  const devices::RooflineModel model(spec);
  sim::RandomStream random(options.seed, "bench/surrogate");
  const std::vector<std::size_t> chosen = policies::random_modes(random, modes.size(), options.samples);
  std::vector<bool> trained(modes.size(), false);
  for (const std::size_t mode : chosen) trained[mode] = true;
  std::vector<std::size_t> others;
  for (std::size_t mode = 0; mode < modes.size(); ++mode)
    if (!trained[mode]) others.push_back(mode);
  return {rows_of(model, modes, options, chosen), rows_of(model, modes, options, others)};
}

std::string to_csv(const Data& data) {
  std::string text = "set,cores,cpu_khz,gpu_khz,emc_khz,time_ms,power_w\n";
  const auto append = [&text](const char* set, const Rows& rows) {
    for (Eigen::Index i = 0; i < rows.knobs.rows(); ++i)
      text += fmt::format("{},{:.0f},{:.0f},{:.0f},{:.0f},{},{}\n", set, rows.knobs(i, 0), rows.knobs(i, 1),
                          rows.knobs(i, 2), rows.knobs(i, 3), shortest(rows.time_ms[i]),
                          shortest(rows.power_w[i]));
  };
  append("train", data.train);
  append("test", data.test);
  return text;
}

// Of one target, over the seeds.
struct Accuracy {
  std::vector<double> training_loss;
  std::vector<double> mape_percent;  // on the test rows
};

struct Effort {
  std::int64_t steps = 0;
  double training_s = 0;
  std::int64_t predictions = 0;
  double prediction_s = 0;
  std::uint64_t signature = 0;
};

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

Accuracy learn(const Data& data, Eigen::VectorXd Rows::*target, const SurrogateOptions& options,
               Effort& effort) {
  Accuracy accuracy;
  for (int i = 0; i < options.seeds; ++i) {
    surrogate::TrainingOptions training;
    training.epochs = options.epochs;
    training.minibatch = options.minibatch;
    training.validation_share = 0;  // every sample is trained on, the last weights are used
    training.seed = options.seed + static_cast<std::uint64_t>(i);
    auto start = std::chrono::steady_clock::now();
    const auto trained = required(surrogate::train(data.train.knobs, data.train.*target, training));
    effort.training_s += seconds_since(start);
    effort.steps += trained.minibatches;
    start = std::chrono::steady_clock::now();
    const auto predictions = required(surrogate::predict(trained.network, data.test.knobs));
    effort.prediction_s += seconds_since(start);
    effort.predictions += static_cast<std::int64_t>(predictions.size());
    effort.signature = sim::hash_text(
        fmt::format("{:016x}", surrogate::signature_of(trained.network.parameters)), effort.signature);
    double error = 0;
    for (std::size_t row = 0; row < predictions.size(); ++row) {
      const double truth = (data.test.*target)[static_cast<Eigen::Index>(row)];
      error += std::abs(predictions[row] - truth) / truth;
    }
    accuracy.mape_percent.push_back(100 * error / static_cast<double>(predictions.size()));
    accuracy.training_loss.push_back(trained.steps.back().training_loss);
  }
  return accuracy;
}

// Mean, and over several seeds the standard deviation and the ends.
std::string summary(const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / count;
  if (values.size() == 1) return fmt::format("{:.4f}", mean);
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  return fmt::format("{:.4f} +- {:.4f} ({:.4f} .. {:.4f})", mean, std::sqrt(squares / (count - 1)), *least,
                     *most);
}

void bench_surrogate(const SurrogateOptions& options) {
  if (!options.export_to.empty()) required(check_output(options.export_to, {}));
  const Data data = make_data(options);
  if (!options.export_to.empty()) required(write_whole_file(options.export_to, to_csv(data)));
  Effort effort;
  const Accuracy time = learn(data, &Rows::time_ms, options, effort);
  const Accuracy power = learn(data, &Rows::power_w, options, effort);
  print(fmt::format("network             4-{}-{}-{}-1\n", surrogate::units1, surrogate::units2,
                    surrogate::units3));
  print(
      fmt::format("trained_on          {}\ntested_on           {}\nepochs              {}\n"
                  "minibatch           {}\nseeds               {}\nsteps               {}\n",
                  data.train.knobs.rows(), data.test.knobs.rows(), options.epochs, options.minibatch,
                  options.seeds, effort.steps));
  print(fmt::format("time_loss           {}\npower_loss          {}\n", summary(time.training_loss),
                    summary(power.training_loss)));
  print(fmt::format("time_mape_percent   {}\npower_mape_percent  {}\n", summary(time.mape_percent),
                    summary(power.mape_percent)));
  print(fmt::format("signature           {:016x}\n", effort.signature));
  tell(fmt::format("training_s          {:.3f}\nsteps_per_s         {:.0f}\npredictions_per_s   {:.0f}",
                   effort.training_s, static_cast<double>(effort.steps) / effort.training_s,
                   static_cast<double>(effort.predictions) / effort.prediction_s));
}

}  // namespace

void add_bench_surrogate(CLI::App& bench) {
  auto options = std::make_shared<SurrogateOptions>();
  CLI::App* verb = bench.add_subcommand(
      "surrogate", "Surrogate networks of a minibatch's time and power, trained on random modes of a board");
  verb->add_option("--board", options->board, "A built-in board; its roofline model is learnt")
      ->capture_default_str();
  verb->add_option("--mode-space", options->mode_space, "Of the board")->capture_default_str();
  verb->add_option("--workload", options->workload, "In training")->capture_default_str();
  verb->add_option("--batch", options->batch, "Of the workload")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  verb->add_option("--samples", options->samples, "Random modes to train on; the others test")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  verb->add_option("--epochs", options->epochs)->check(CLI::Range(1, 1'000'000))->capture_default_str();
  verb->add_option("--minibatch", options->minibatch, "Samples a training step")
      ->check(CLI::Range(1, 32))
      ->capture_default_str();
  verb->add_option("--seeds", options->seeds, "Networks for each target")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  add_seed_option(*verb, options->seed, "Seed of the modes and of the first network; the others count on");
  verb->add_option("--export", options->export_to,
                   "Also write the samples as CSV, for experiments/surrogate/pytorch.py");
  verb->footer("Example: wattline bench surrogate --export samples.csv");
  verb->callback([options] { bench_surrogate(*options); });
}

}  // namespace wattline::experiments
