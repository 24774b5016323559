// Surrogates: what they are trained on, when training ends, transfer, predictions.
#include <cmath>
#include <limits>
#include <thread>

#include "policies/surrogate/dropout.hpp"
#include "policies/surrogate/training.hpp"
#include "tests/catch.hpp"

namespace wattline::policies::surrogate {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

struct Samples {
  MatrixXd inputs;
  VectorXd targets;
};

// Knob-like inputs of very different sizes; a target that falls with two of them, times `factor`.
Samples samples_of(Eigen::Index count, const std::string& name, double factor = 1) {
  sim::RandomStream random(1, name);
  Samples samples{MatrixXd(count, 4), VectorXd(count)};
  for (Eigen::Index i = 0; i < count; ++i) {
    const double cores = 1 + static_cast<double>(random.below(12));
    const double cpu = 2e5 + 2e6 * random.uniform(), gpu = 3e5 + 1e6 * random.uniform();
    samples.inputs.row(i) << cores, cpu, gpu, 2e5 + 3e6 * random.uniform();
    samples.targets[i] = factor * (20 + 3e7 / gpu + 2e7 / cpu);
  }
  return samples;
}

// Mean squared error as a share of the targets' variance.
double unexplained(const Network& network, const Samples& samples) {
  const auto predicted = predict(network, samples.inputs);
  REQUIRE(predicted);
  double squares = 0;
  for (std::size_t i = 0; i < predicted->size(); ++i)
    squares += std::pow((*predicted)[i] - samples.targets[static_cast<Eigen::Index>(i)], 2);
  return squares / (samples.targets.array() - samples.targets.mean()).square().sum();
}

TrainingOptions quick(int epochs) {
  TrainingOptions options;
  options.epochs = epochs;
  return options;
}

TEST_CASE("A network learns a law from 100 samples") {
  const Samples samples = samples_of(100, "learning");
  const auto trained = train(samples.inputs, samples.targets, quick(60));
  REQUIRE(trained);
  CHECK(trained->termination == Termination::epochs_done);
  CHECK(trained->steps.size() == 60);
  CHECK(trained->minibatches == 60 * 5);  // 80 samples are trained on, 16 a minibatch
  CHECK(unexplained(trained->network, samples_of(300, "test")) < 0.1);
}

TEST_CASE("Training gives the same bytes in whichever thread, and others for another seed") {
  const Samples samples = samples_of(33, "bytes");
  const auto signature = [&](std::uint64_t seed) {
    TrainingOptions options = quick(5);
    options.seed = seed;
    const auto trained = train(samples.inputs, samples.targets, options);
    return trained ? signature_of(trained->network.parameters) : 0;
  };
  std::uint64_t in_threads[2] = {};
  std::thread first([&] { in_threads[0] = signature(1); });
  std::thread second([&] { in_threads[1] = signature(1); });
  first.join();
  second.join();
  CHECK(in_threads[0] == signature(1));
  CHECK(in_threads[1] == signature(1));
  CHECK(signature(2) != signature(1));
}

TEST_CASE("A row's prediction does not depend on its company") {
  const Samples samples = samples_of(203, "rows");
  const auto trained = train(samples.inputs, samples.targets, quick(3));
  REQUIRE(trained);
  const auto together = predict(trained->network, samples.inputs);
  REQUIRE(together);
  REQUIRE(together->size() == 203);
  int different = 0;
  for (Eigen::Index row = 0; row < 203; ++row)
    different += predict(trained->network, samples.inputs.row(row))->at(0) !=
                 (*together)[static_cast<std::size_t>(row)];
  CHECK(different == 0);
  CHECK(predict(trained->network, MatrixXd(0, 4))->empty());
}

TEST_CASE("One sample is enough: it is what is predicted") {
  MatrixXd input(1, 4);
  input << 12, 2201600, 1300500, 3199000;
  const auto trained = train(input, VectorXd::Constant(1, 58.3), quick(30));
  REQUIRE(trained);
  CHECK_FALSE(trained->steps.front().validation_loss);
  CHECK(predict(trained->network, input)->at(0) == Approx(58.3).margin(0.1));
}

TEST_CASE("What cannot be learnt from is an error") {
  const Samples good = samples_of(10, "errors");
  const auto message = [](const MatrixXd& inputs, const VectorXd& targets, const TrainingOptions& options) {
    const auto trained = train(inputs, targets, options);
    return trained ? std::string() : trained.error().message;
  };
  CHECK(message(MatrixXd(0, 4), VectorXd(0), {}) == "no samples to train on");
  CHECK(message(good.inputs, VectorXd::Zero(9), {}) == "10 rows of inputs but 9 targets");
  CHECK(message(MatrixXd(10, 0), good.targets, {}) == "0 columns of inputs; 1 to 64 are accepted");
  for (const double bad :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    MatrixXd inputs = good.inputs;
    inputs(6, 2) = bad;
    CHECK(message(inputs, good.targets, {}) == "sample 7 has a number that is not finite");
    VectorXd targets = good.targets;
    targets[2] = bad;
    CHECK(message(good.inputs, targets, {}) == "sample 3 has a number that is not finite");
  }
  VectorXd huge = good.targets;
  huge << 1e308, -1e308, 1e308, 1, 1, 1, 1, 1, 1, 1;
  CHECK(message(good.inputs, huge, {}).starts_with("targets: column 1: "));
  const auto refused = [&](auto set) {
    TrainingOptions options;
    set(options);
    return !message(good.inputs, good.targets, options).empty();
  };
  CHECK(refused([](TrainingOptions& o) { o.epochs = 0; }));
  CHECK(refused([](TrainingOptions& o) { o.minibatch = 0; }));
  CHECK(refused([](TrainingOptions& o) { o.minibatch = 33; }));
  CHECK(refused([](TrainingOptions& o) { o.learning_rate = 0; }));
  CHECK(refused([](TrainingOptions& o) { o.learning_rate = std::nan(""); }));
  CHECK(refused([](TrainingOptions& o) { o.dropout1 = 1; }));
  CHECK(refused([](TrainingOptions& o) { o.dropout2 = -0.1; }));
  CHECK(refused([](TrainingOptions& o) { o.validation_share = 1; }));
  CHECK(refused([](TrainingOptions& o) { o.patience = -1; }));
}

TEST_CASE("What cannot be predicted from is an error that names the row") {
  const Samples samples = samples_of(10, "rows");
  const auto trained = train(samples.inputs, samples.targets, quick(1));
  REQUIRE(trained);
  CHECK(predict(trained->network, samples.inputs.leftCols(3)).error().message ==
        "the network was trained on 4 columns; 3 were given");
  for (const double bad : {std::nan(""), -std::numeric_limits<double>::infinity(), 1e300}) {
    MatrixXd rows = samples.inputs;
    rows(8, 1) = bad;
    const auto predicted = predict(trained->network, rows);
    REQUIRE_FALSE(predicted);
    CHECK(predicted.error().message == "row 9: an input is not finite, or too far from the samples");
  }
}

TEST_CASE("A constant column neither divides by zero nor matters") {
  Samples samples = samples_of(40, "constant");
  samples.inputs.col(1).setConstant(0.1);
  const auto scale = standardiser_of(samples.inputs);
  REQUIRE(scale);
  CHECK(scale->scale[1] == 1);
  CHECK(scale->standard(1, 0.1) == 0);
  const auto trained = train(samples.inputs, VectorXd::Constant(40, 7.5), quick(5));
  REQUIRE(trained);
  CHECK(std::abs(predict(trained->network, samples.inputs)->at(0) - 7.5) < 1);
}

TEST_CASE("Standardised columns have mean 0 and variance 1") {
  MatrixXd columns(4, 2);
  columns << 1, 1e-200, 2, 2e-200, 3, 3e-200, 4, 4e-200;  // the squares of the second underflow
  const auto scale = standardiser_of(columns);
  REQUIRE(scale);
  CHECK(scale->mean[0] == 2.5);
  CHECK(scale->scale[0] == Approx(std::sqrt(1.25)));
  CHECK(scale->scale[1] == Approx(std::sqrt(1.25) * 1e-200));
  CHECK(scale->standard(0, 4) == Approx(1.5 / std::sqrt(1.25)));
  CHECK(scale->original(0, scale->standard(0, 3.25)) == Approx(3.25));
}

TEST_CASE("Dropout silences the share of units that it should, each of four to a draw") {
  for (const double rate : {0.3, 0.4, 0.95}) {
    sim::RandomStream random(1, "dropout");
    std::vector<float> factors(400'000);
    Dropout(rate).draw(random, factors);
    double silenced[4] = {};
    for (std::size_t i = 0; i < factors.size(); ++i) {
      if (factors[i] == 0)
        silenced[i % 4] += 1e-5;
      else
        REQUIRE(factors[i] == Approx(1 / (1 - rate)).epsilon(1e-4 / (1 - rate)));
    }
    // Four standard deviations of a binomial share of 100,000.
    for (const double share : silenced)
      CHECK(std::abs(share - rate) < 4 * std::sqrt(rate * (1 - rate) / 1e5));
  }
  sim::RandomStream random(1, "dropout"), untouched(1, "dropout");
  std::vector<float> factors(8);
  Dropout(0).draw(random, factors);
  CHECK(factors == std::vector<float>(8, 1.0f));
  CHECK(random.next() == untouched.next());
}

TEST_CASE("Initial weights are uniform within Glorot's limits, biases zero") {
  sim::RandomStream random(1, "weights");
  const Parameters parameters = initial_parameters(4, random);
  const Layout at(4);
  CHECK(parameters.values.size() == 4 * 256 + 256 + 256 * 128 + 128 + 128 * 64 + 64 + 64 + 1);
  const double limit = std::sqrt(6.0 / (256 + 128));
  double squares = 0;
  for (std::size_t i = at.weights2; i < at.bias2; ++i) {
    REQUIRE(std::abs(parameters.values[i]) <= limit);
    squares += parameters.values[i] * parameters.values[i];
  }
  CHECK(squares / (256 * 128) == Approx(limit * limit / 3).epsilon(0.02));
  for (std::size_t i = at.bias2; i < at.weights3; ++i) REQUIRE(parameters.values[i] == 0);
}

TEST_CASE("Training stops when patience runs out, with the weights of the best epoch") {
  // Targets of pure noise: what is learnt of them does not hold for the validation samples.
  Samples samples = samples_of(60, "noise");
  sim::RandomStream random(2, "noise");
  for (double& target : samples.targets) target = random.normal();
  TrainingOptions options = quick(500);
  options.patience = 12;
  const auto trained = train(samples.inputs, samples.targets, options);
  REQUIRE(trained);
  CHECK(trained->termination == Termination::stopped_early);
  std::size_t best = 0;
  for (std::size_t i = 0; i < trained->steps.size(); ++i)
    if (*trained->steps[i].validation_loss < *trained->steps[best].validation_loss) best = i;
  CHECK(trained->steps.size() == best + 1 + 12);
  CHECK(trained->steps[best].kept);
  // The same training, ended at that epoch.
  options = quick(trained->steps[best].epoch);
  options.restore_best = false;
  const auto ended = train(samples.inputs, samples.targets, options);
  REQUIRE(ended);
  CHECK(ended->network.parameters == trained->network.parameters);
}

TEST_CASE("Samples for validation are not trained on and do not set the scale") {
  const Samples samples = samples_of(50, "split");
  const auto first = train(samples.inputs, samples.targets, quick(2));
  REQUIRE(first);
  // Which ones they are is told by the error of wrong targets: those of training move the scale.
  int validating = 0;
  for (Eigen::Index i = 0; i < 50; ++i) {
    VectorXd targets = samples.targets;
    targets[i] += 1e3;
    TrainingOptions options = quick(2);
    options.restore_best = false;
    const auto other = train(samples.inputs, targets, options);
    REQUIRE(other);
    validating += other->network.target.mean[0] == first->network.target.mean[0];
  }
  CHECK(validating == 10);
}

// A base all of whose weights are `weight`.
Network monotonous_network(float weight) {
  Network network{
      {VectorXd::Zero(1), VectorXd::Ones(1)}, {VectorXd::Zero(1), VectorXd::Ones(1)}, Parameters(1)};
  std::fill(network.parameters.values.begin(), network.parameters.values.end(), weight);
  return network;
}

TEST_CASE("Training that diverges ends, with the weights of the epochs before or an error") {
  const MatrixXd inputs = VectorXd::LinSpaced(8, 1, 2);
  const VectorXd targets = VectorXd::LinSpaced(8, 3, 5);
  TrainingOptions options = quick(50);
  options.validation_share = 0;
  // Losses overflow.
  const auto failed = transfer(monotonous_network(1e15f), inputs, targets, options, {});
  REQUIRE_FALSE(failed);
  CHECK(failed.error().kind == Error::Kind::failed);
  // Squares of gradients overflow in the first epoch, which stops the weights, and are no numbers from the
  // second.
  const auto diverged = transfer(monotonous_network(300), inputs, targets, options, {});
  REQUIRE(diverged);
  CHECK(diverged->termination == Termination::diverged);
  CHECK(diverged->steps.size() == 1);
  CHECK(all_finite(diverged->network.parameters));
  CHECK(predict(diverged->network, inputs).ok());
}

TEST_CASE("Transfer from 20 samples of a related law does better than training on them alone") {
  const Samples base_samples = samples_of(200, "base");
  TrainingOptions options = quick(60);
  const auto base = train(base_samples.inputs, base_samples.targets, options);
  REQUIRE(base);
  const Samples few = samples_of(20, "few", 2.5);
  const Samples test = samples_of(300, "transferred", 2.5);
  options.epochs = 40;
  const auto moved = transfer(base->network, few.inputs, few.targets, options, {});
  const auto alone = train(few.inputs, few.targets, options);
  REQUIRE(moved);
  REQUIRE(alone);
  CHECK(unexplained(moved->network, test) < 0.5 * unexplained(alone->network, test));
}

TEST_CASE("Transfer keeps of the base what it is asked to keep") {
  const Samples base_samples = samples_of(40, "base");
  const auto base = train(base_samples.inputs, base_samples.targets, quick(2));
  REQUIRE(base);
  const Samples few = samples_of(10, "few", 3);
  TrainingOptions options = quick(2);
  options.validation_share = 0;
  TransferOptions how;
  how.last_layer_only = true;
  const auto frozen = transfer(base->network, few.inputs, few.targets, options, how);
  REQUIRE(frozen);
  const Layout at(4);
  const Floats& before = base->network.parameters.values;
  const Floats& after = frozen->network.parameters.values;
  const auto layers = static_cast<std::ptrdiff_t>(at.weights4);
  CHECK(std::equal(before.begin(), before.begin() + layers, after.begin()));
  CHECK_FALSE(std::equal(before.begin() + layers, before.end(), after.begin() + layers));
  CHECK(frozen->network.inputs.mean == base->network.inputs.mean);
  CHECK(frozen->network.target.mean[0] == Approx(few.targets.mean()));

  how = {TransferOptions::InputScale::samples, false};
  const auto rescaled = transfer(base->network, few.inputs, few.targets, options, how);
  REQUIRE(rescaled);
  CHECK(rescaled->network.inputs.mean[1] == Approx(few.inputs.col(1).mean()));
  CHECK_FALSE(
      std::equal(before.begin(), before.begin() + layers, rescaled->network.parameters.values.begin()));

  const auto refused = transfer(base->network, few.inputs.leftCols(3), few.targets, options, {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().message == "the base was trained on 4 columns; 3 were given");
}

}  // namespace
}  // namespace wattline::policies::surrogate
