#include "policies/surrogate/training.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>

#include "policies/surrogate/dropout.hpp"
#include "policies/surrogate/kernels.hpp"

namespace wattline::policies::surrogate {

namespace {

constexpr double beta1 = 0.9;
constexpr double beta2 = 0.999;

MaybeError check_range(const char* option, double value, double low, double high) {
  if (value >= low && value <= high) return {};
  return bad_input(fmt::format("{} is {}; {} to {} is accepted", option, value, low, high));
}

MaybeError check_options(const TrainingOptions& options) {
  if (auto error = check_range("epochs", options.epochs, 1, 1e6)) return error;
  if (auto error = check_range("minibatch", options.minibatch, 1, max_minibatch)) return error;
  if (auto error = check_range("learning_rate", options.learning_rate, 1e-12, 1)) return error;
  if (auto error = check_range("dropout1", options.dropout1, 0, 0.95)) return error;
  if (auto error = check_range("dropout2", options.dropout2, 0, 0.95)) return error;
  if (auto error = check_range("validation_share", options.validation_share, 0, 0.9)) return error;
  return check_range("patience", options.patience, 0, 1e6);
}

MaybeError check_samples(const Eigen::MatrixXd& inputs, const Eigen::VectorXd& targets) {
  if (inputs.rows() == 0) return bad_input("no samples to train on");
  if (inputs.rows() != targets.size())
    return bad_input(fmt::format("{} rows of inputs but {} targets", inputs.rows(), targets.size()));
  if (inputs.cols() == 0 || inputs.cols() > static_cast<Eigen::Index>(max_inputs))
    return bad_input(fmt::format("{} columns of inputs; 1 to {} are accepted", inputs.cols(), max_inputs));
  for (Eigen::Index row = 0; row < inputs.rows(); ++row)
    if (!inputs.row(row).allFinite() || !std::isfinite(targets[row]))
      return bad_input(fmt::format("sample {} has a number that is not finite", row + 1));
  return {};
}

void shuffle(std::vector<std::size_t>& order, sim::RandomStream& random) {
  for (std::size_t left = order.size(); left > 1; --left)
    std::swap(order[left - 1], order[static_cast<std::size_t>(random.below(left))]);
}

// Which samples are trained on; the others validate.
struct Split {
  std::vector<std::size_t> training;
  std::vector<std::size_t> validation;
};

Split split_samples(std::size_t samples, const TrainingOptions& options) {
  Split split;
  split.training.resize(samples);
  std::iota(split.training.begin(), split.training.end(), std::size_t{0});
  const auto share =
      static_cast<std::size_t>(std::lround(options.validation_share * static_cast<double>(samples)));
  const std::size_t validating = std::min(share, samples - 1);
  if (validating == 0) return split;
  sim::RandomStream random(options.seed, "surrogate/split");
  shuffle(split.training, random);
  const auto first = split.training.end() - static_cast<std::ptrdiff_t>(validating);
  split.validation.assign(first, split.training.end());
  split.training.erase(first, split.training.end());
  return split;
}

Eigen::MatrixXd rows_of(const Eigen::MatrixXd& samples, const std::vector<std::size_t>& rows) {
  Eigen::MatrixXd chosen(static_cast<Eigen::Index>(rows.size()), samples.cols());
  for (std::size_t i = 0; i < rows.size(); ++i)
    chosen.row(static_cast<Eigen::Index>(i)) = samples.row(static_cast<Eigen::Index>(rows[i]));
  return chosen;
}

// Standardised, in single precision, row-major.
Floats standardised(const Standardiser& standardiser, const Eigen::MatrixXd& rows) {
  Floats numbers;
  numbers.reserve(static_cast<std::size_t>(rows.size()));
  for (Eigen::Index row = 0; row < rows.rows(); ++row)
    for (Eigen::Index column = 0; column < rows.cols(); ++column)
      numbers.push_back(static_cast<float>(standardiser.standard(column, rows(row, column))));
  return numbers;
}

struct Samples {
  Floats inputs;   // rows x columns
  Floats targets;  // rows
};

class Trainer {
 public:
  Trainer(const TrainingOptions& options, Parameters initial, bool last_layer_only)
      : options_(options),
        last_layer_only_(last_layer_only),
        state_(std::move(initial)),
        order_random_(options.seed, "surrogate/order"),
        dropout_random_(options.seed, "surrogate/dropout"),
        dropout1_(options.dropout1),
        dropout2_(options.dropout2) {}

  // The mean loss of one pass over the samples in random order.
  double epoch(const Samples& samples) {
    const std::size_t count = samples.targets.size();
    if (order_.empty()) {
      order_.resize(count);
      std::iota(order_.begin(), order_.end(), std::size_t{0});
    }
    shuffle(order_, order_random_);
    double squares = 0;
    const auto minibatch = static_cast<std::size_t>(options_.minibatch);
    for (std::size_t begin = 0; begin < count; begin += minibatch)
      squares += step(samples, std::span(order_).subspan(begin, std::min(minibatch, count - begin)));
    return squares / static_cast<double>(count);
  }

  double loss(const Samples& samples) const {
    Floats predictions(samples.targets.size());
    predict_standardised(state_.weights, samples.inputs.data(), predictions.size(), predictions.data(),
                         instructions_);
    double squares = 0;
    for (std::size_t i = 0; i < predictions.size(); ++i) {
      const double error = double{predictions[i]} - double{samples.targets[i]};
      squares += error * error;
    }
    return squares / static_cast<double>(predictions.size());
  }

  const Parameters& weights() const { return state_.weights; }
  std::int64_t minibatches() const { return minibatches_; }

 private:
  double step(const Samples& samples, std::span<const std::size_t> rows) {
    const std::size_t columns = state_.weights.inputs;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::copy_n(samples.inputs.begin() + static_cast<std::ptrdiff_t>(rows[i] * columns), columns,
                  inputs_.begin() + static_cast<std::ptrdiff_t>(i * columns));
      targets_[i] = samples.targets[rows[i]];
      dropout1_.draw(dropout_random_, std::span(factors1_).subspan(i * units1, units1));
      dropout2_.draw(dropout_random_, std::span(factors2_).subspan(i * units2, units2));
    }
    ++minibatches_;
    const Minibatch minibatch{rows.size(), inputs_.data(), targets_.data(), factors1_.data(),
                              factors2_.data()};
    return training_step(minibatch, next_adam_step(), last_layer_only_, state_, workspace_, instructions_);
  }

  AdamStep next_adam_step() {
    power1_ *= beta1;
    power2_ *= beta2;
    const double correction2 = std::sqrt(1 - power2_);
    const double epsilon = options_.epsilon == Epsilon::keras ? 1e-7 : 1e-8 * correction2;
    return {static_cast<float>(options_.learning_rate * correction2 / (1 - power1_)),
            static_cast<float>(1 - beta1), static_cast<float>(1 - beta2), static_cast<float>(epsilon)};
  }

  TrainingOptions options_;
  bool last_layer_only_;
  State state_;
  Workspace workspace_;
  sim::RandomStream order_random_, dropout_random_;
  Dropout dropout1_, dropout2_;
  InstructionSet instructions_ = best_instruction_set();
  std::vector<std::size_t> order_;
  Floats inputs_ = Floats(max_minibatch * max_inputs), targets_ = Floats(max_minibatch);
  Floats factors1_ = Floats(max_minibatch * units1), factors2_ = Floats(max_minibatch * units2);
  double power1_ = 1, power2_ = 1;  // beta^t
  std::int64_t minibatches_ = 0;
};

MaybeError check_standardised(const Samples& samples) {
  const auto finite = [](float number) { return std::isfinite(number); };
  if (std::all_of(samples.inputs.begin(), samples.inputs.end(), finite) &&
      std::all_of(samples.targets.begin(), samples.targets.end(), finite))
    return {};
  return bad_input("a sample is too far from those that the standardisation was made of");
}

// Epoch by epoch until one of the terminations. `trained` holds the standardisations and the initial weights.
MaybeError run(const TrainingOptions& options, bool last_layer_only, const Samples& training,
               const Samples& validation, Trained& trained) {
  Trainer trainer(options, trained.network.parameters, last_layer_only);
  const bool validates = !validation.targets.empty();
  double best = 0;
  int since_best = 0;
  for (int epoch = 1; epoch <= options.epochs; ++epoch) {
    Step step;
    step.epoch = epoch;
    step.training_loss = trainer.epoch(training);
    if (validates) step.validation_loss = trainer.loss(validation);
    trained.minibatches = trainer.minibatches();
    if (!std::isfinite(step.training_loss) || !std::isfinite(step.validation_loss.value_or(0)) ||
        !all_finite(trainer.weights())) {
      trained.termination = Termination::diverged;
      if (epoch == 1)
        return failure(
            fmt::format("training diverges in its first epoch (learning rate {})", options.learning_rate));
      return {};
    }
    const bool improved = validates && (epoch == 1 || *step.validation_loss < best);
    if (improved) best = *step.validation_loss;
    since_best = improved ? 0 : since_best + 1;
    step.kept = improved || !validates || !options.restore_best;
    if (step.kept) trained.network.parameters = trainer.weights();
    trained.steps.push_back(step);
    if (validates && options.patience > 0 && since_best >= options.patience) {
      trained.termination = Termination::stopped_early;
      return {};
    }
  }
  return {};
}

Result<Trained> train_from(const Network* base, const Eigen::MatrixXd& inputs, const Eigen::VectorXd& targets,
                           const TrainingOptions& options, const TransferOptions& how) {
  if (auto error = check_options(options)) return *error;
  if (auto error = check_samples(inputs, targets)) return *error;
  const Split split = split_samples(static_cast<std::size_t>(inputs.rows()), options);
  const Eigen::MatrixXd training_inputs = rows_of(inputs, split.training);
  const Eigen::MatrixXd training_targets = rows_of(targets, split.training);
  auto input_scale = standardiser_of(training_inputs);
  if (!input_scale) return bad_input("inputs: " + input_scale.error().message);
  auto target_scale = standardiser_of(training_targets);
  if (!target_scale) return bad_input("targets: " + target_scale.error().message);

  sim::RandomStream weights_random(options.seed, "surrogate/weights");
  Trained trained{
      {*input_scale, *target_scale,
       base ? base->parameters : initial_parameters(static_cast<std::size_t>(inputs.cols()), weights_random)},
      {}};
  if (base) {
    renew_last_layer(trained.network.parameters, weights_random);
    if (how.input_scale == TransferOptions::InputScale::base) trained.network.inputs = base->inputs;
  }
  const auto samples = [&](const std::vector<std::size_t>& rows) {
    return Samples{standardised(trained.network.inputs, rows_of(inputs, rows)),
                   standardised(trained.network.target, rows_of(targets, rows))};
  };
  const Samples training = samples(split.training), validation = samples(split.validation);
  if (auto error = check_standardised(training)) return *error;
  if (auto error = check_standardised(validation)) return *error;
  if (auto error = run(options, base && how.last_layer_only, training, validation, trained)) return *error;
  return trained;
}

}  // namespace

const char* name_of(Termination termination) {
  switch (termination) {
    case Termination::epochs_done:
      return "epochs done";
    case Termination::stopped_early:
      return "stopped early";
    case Termination::diverged:
      return "diverged";
  }
  return "";
}

Result<Trained> train(const Eigen::MatrixXd& inputs, const Eigen::VectorXd& targets,
                      const TrainingOptions& options) {
  return train_from(nullptr, inputs, targets, options, {});
}

Result<Trained> transfer(const Network& base, const Eigen::MatrixXd& inputs, const Eigen::VectorXd& targets,
                         const TrainingOptions& options, const TransferOptions& how) {
  if (static_cast<std::size_t>(inputs.cols()) != base.parameters.inputs)
    return bad_input(fmt::format("the base was trained on {} columns; {} were given", base.parameters.inputs,
                                 inputs.cols()));
  return train_from(&base, inputs, targets, options, how);
}

}  // namespace wattline::policies::surrogate
