// The surrogate network's kernels against a dense implementation on matrices, in double precision.
#include "policies/surrogate/kernels.hpp"

#include <Eigen/Core>
#include <cmath>
#include <cstring>
#include <numeric>

#include "policies/surrogate/dropout.hpp"
#include "policies/surrogate/training.hpp"
#include "tests/catch.hpp"

namespace wattline::policies::surrogate {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;
using RowMajor = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr Eigen::Index widths[] = {units1, units2, units3, 1};

// Everything dense: no sparsity, no fused update, no float. Dropout's factors are given.
struct Dense {
  MatrixXd weights[4];  // inputs x outputs
  MatrixXd biases[4];   // 1 x outputs

  static Dense zero(Eigen::Index inputs) {
    Dense dense;
    for (int layer = 0; layer < 4; ++layer) {
      dense.weights[layer] = MatrixXd::Zero(layer == 0 ? inputs : widths[layer - 1], widths[layer]);
      dense.biases[layer] = MatrixXd::Zero(1, widths[layer]);
    }
    return dense;
  }
  static Dense of(const Parameters& parameters) {
    Dense dense = zero(static_cast<Eigen::Index>(parameters.inputs));
    const float* next = parameters.values.data();
    for (MatrixXd* part : dense.parts()) {
      *part = Eigen::Map<const RowMajor>(next, part->rows(), part->cols()).cast<double>();
      next += part->size();
    }
    return dense;
  }
  // In the order of the array of Parameters.
  std::vector<MatrixXd*> parts() {
    std::vector<MatrixXd*> all;
    for (int layer = 0; layer < 4; ++layer) {
      all.push_back(&weights[layer]);
      all.push_back(&biases[layer]);
    }
    return all;
  }

  // Predictions, one a row; `outputs`, if given, gets what each layer passes on.
  MatrixXd forward(const MatrixXd& inputs, const MatrixXd& factors1, const MatrixXd& factors2,
                   MatrixXd* outputs = nullptr) const {
    MatrixXd x = inputs;
    for (int layer = 0; layer < 4; ++layer) {
      MatrixXd z = x * weights[layer] + biases[layer].replicate(x.rows(), 1);
      if (layer < 3) z = z.cwiseMax(0.0);
      if (layer == 0) z = z.cwiseProduct(factors1);
      if (layer == 1) z = z.cwiseProduct(factors2);
      if (outputs) outputs[layer] = z;
      x = z;
    }
    return x;
  }
  // Of the mean squared error.
  Dense gradient(const MatrixXd& inputs, const VectorXd& targets, const MatrixXd& factors1,
                 const MatrixXd& factors2) const {
    MatrixXd outputs[4];
    forward(inputs, factors1, factors2, outputs);
    MatrixXd delta = 2.0 / static_cast<double>(inputs.rows()) * (outputs[3] - targets);
    Dense result;
    for (int layer = 3; layer >= 0; --layer) {
      const MatrixXd& x = layer == 0 ? inputs : outputs[layer - 1];
      result.weights[layer] = x.transpose() * delta;
      result.biases[layer] = delta.colwise().sum();
      if (layer == 0) break;
      delta = (delta * weights[layer].transpose()).eval();
      delta = delta.cwiseProduct((x.array() > 0).cast<double>().matrix());
      if (layer == 1) delta = delta.cwiseProduct(factors1);
      if (layer == 2) delta = delta.cwiseProduct(factors2);
    }
    return result;
  }
};

// A minibatch with its storage, as floats for the kernels and as matrices for the reference.
struct Case {
  RowMajor inputs, factors1, factors2;
  Eigen::VectorXf targets;

  Case(Eigen::Index samples, Eigen::Index columns, sim::RandomStream& random)
      : inputs(samples, columns), factors1(samples, units1), factors2(samples, units2), targets(samples) {
    for (Eigen::Index i = 0; i < inputs.size(); ++i) inputs.data()[i] = static_cast<float>(random.normal());
    for (Eigen::Index i = 0; i < samples; ++i) targets[i] = static_cast<float>(random.normal());
    Dropout(0.4).draw(random, std::span(factors1.data(), static_cast<std::size_t>(factors1.size())));
    Dropout(0.3).draw(random, std::span(factors2.data(), static_cast<std::size_t>(factors2.size())));
  }
  Minibatch minibatch() const {
    return {static_cast<std::size_t>(inputs.rows()), inputs.data(), targets.data(), factors1.data(),
            factors2.data()};
  }
  double loss(const Dense& dense) const {
    const MatrixXd error =
        dense.forward(inputs.cast<double>(), factors1.cast<double>(), factors2.cast<double>()) -
        targets.cast<double>();
    return error.squaredNorm() / static_cast<double>(error.size());
  }
};

// With biases too, so that none is tested at zero alone.
Parameters random_parameters(std::size_t inputs, sim::RandomStream& random) {
  Parameters parameters = initial_parameters(inputs, random);
  for (float& value : parameters.values) value += static_cast<float>(0.02 * random.normal());
  return parameters;
}

// From moments of zero, one step leaves gain1 x gradient in the first moment.
Dense gradient_of_step(const Case& sample, const Parameters& parameters) {
  State state(parameters);
  Workspace workspace;
  training_step(sample.minibatch(), {1e-3f, 0.5f, 0.001f, 1e-7f}, false, state, workspace,
                best_instruction_set());
  for (float& value : state.mean.values) value *= 2;
  return Dense::of(state.mean);
}

TEST_CASE("Gradients are those of finite differences") {
  sim::RandomStream random(1, "gradients");
  const Case sample(5, 4, random);
  const Parameters parameters = random_parameters(4, random);
  Dense gradient = gradient_of_step(sample, parameters);
  Dense point = Dense::of(parameters);
  const auto gradients = gradient.parts();
  const auto values = point.parts();
  for (std::size_t part = 0; part < values.size(); ++part) {
    const double largest = gradients[part]->cwiseAbs().maxCoeff();
    for (int i = 0; i < 40; ++i) {
      const auto at =
          static_cast<Eigen::Index>(random.below(static_cast<std::uint64_t>(values[part]->size())));
      double& value = values[part]->data()[at];
      const double centre = value;
      const double h = 1e-6;
      value = centre + h;
      const double above = sample.loss(point);
      value = centre - h;
      const double below = sample.loss(point);
      value = centre;
      INFO("part " << part << ", number " << at);
      CHECK(gradients[part]->data()[at] == Approx((above - below) / (2 * h)).margin(1e-4 * largest));
    }
  }
}

TEST_CASE("Every gradient is that of the dense network, whatever the size of the minibatch") {
  sim::RandomStream random(2, "gradients");
  for (const Eigen::Index columns : {1, 4, 5, 64}) {
    for (const Eigen::Index samples : {1, 2, 15, 16, 32}) {
      const Case sample(samples, columns, random);
      const Parameters parameters = random_parameters(static_cast<std::size_t>(columns), random);
      Dense found = gradient_of_step(sample, parameters);
      Dense expected = Dense::of(parameters)
                           .gradient(sample.inputs.cast<double>(), sample.targets.cast<double>(),
                                     sample.factors1.cast<double>(), sample.factors2.cast<double>());
      for (std::size_t part = 0; part < 8; ++part) {
        const MatrixXd& wanted = *expected.parts()[part];
        INFO("columns " << columns << ", samples " << samples << ", part " << part);
        CHECK((*found.parts()[part] - wanted).cwiseAbs().maxCoeff() <= 1e-5 * wanted.cwiseAbs().maxCoeff());
      }
    }
  }
}

TEST_CASE("A step returns the sum of squared errors before it") {
  sim::RandomStream random(3, "loss");
  const Case sample(16, 4, random);
  State state(random_parameters(4, random));
  const double expected = 16 * sample.loss(Dense::of(state.weights));
  Workspace workspace;
  CHECK(training_step(sample.minibatch(), {1e-3f, 0.1f, 0.001f, 1e-7f}, false, state, workspace,
                      best_instruction_set()) == Approx(expected).epsilon(1e-5));
}

TEST_CASE("All instruction sets give the same bits") {
  sim::RandomStream random(4, "instructions");
  State plain(random_parameters(5, random));
  State best = plain;
  Workspace workspace;
  for (int i = 0; i < 30; ++i) {
    const Case sample(1 + i % 32, 5, random);
    const AdamStep step{1e-3f, 0.1f, 0.001f, 1e-7f};
    const double a =
        training_step(sample.minibatch(), step, false, plain, workspace, InstructionSet::baseline);
    const double b = training_step(sample.minibatch(), step, false, best, workspace, best_instruction_set());
    CHECK(a == b);
  }
  CHECK(plain.weights == best.weights);
  CHECK(plain.mean == best.mean);
  CHECK(plain.square == best.square);
  const Case rows(32, 5, random);
  float a[32], b[32];
  predict_standardised(plain.weights, rows.inputs.data(), 32, a, InstructionSet::baseline);
  predict_standardised(plain.weights, rows.inputs.data(), 32, b, best_instruction_set());
  CHECK(std::memcmp(a, b, sizeof a) == 0);
}

TEST_CASE("Moments that fade become zero, not subnormal") {
  sim::RandomStream random(5, "fading");
  Case sample(1, 4, random);
  State state(random_parameters(4, random));
  Workspace workspace;
  const AdamStep step{1e-3f, 0.1f, 0.001f, 1e-7f};
  training_step(sample.minibatch(), step, false, state, workspace, best_instruction_set());
  const auto moments = [&] {
    return std::count_if(state.mean.values.begin(), state.mean.values.end(), [](float m) { return m != 0; });
  };
  CHECK(moments() > 1000);
  sample.factors1.setZero();  // no gradient from here on but those of biases and what is behind them
  sample.factors2.setZero();
  for (int i = 0; i < 600; ++i)
    training_step(sample.minibatch(), step, false, state, workspace, best_instruction_set());
  for (const float mean : state.mean.values) REQUIRE((mean == 0 || std::abs(mean) >= 1e-20f));
  CHECK(moments() < 200);
}

// Adam as its paper writes it (algorithm 1), with Keras' or PyTorch's place of epsilon.
void dense_adam(Dense& w, Dense& m, Dense& v, Dense& g, int t, Epsilon epsilon) {
  const double correction1 = 1 - std::pow(0.9, t), correction2 = 1 - std::pow(0.999, t);
  for (std::size_t part = 0; part < 8; ++part) {
    MatrixXd& mean = *m.parts()[part];
    MatrixXd& square = *v.parts()[part];
    const MatrixXd& gradient = *g.parts()[part];
    mean = 0.9 * mean + 0.1 * gradient;
    square = 0.999 * square + 0.001 * gradient.cwiseAbs2();
    const Eigen::ArrayXXd root = (square / correction2).array().sqrt();
    const double added = epsilon == Epsilon::keras ? 1e-7 / std::sqrt(correction2) : 1e-8;
    w.parts()[part]->array() -= 1e-3 * (mean / correction1).array() / (root + added);
  }
}

TEST_CASE("A whole training follows the dense network with the same draws") {
  const Epsilon epsilon = GENERATE(Epsilon::keras, Epsilon::pytorch);
  constexpr Eigen::Index samples = 40, columns = 4;
  sim::RandomStream random(6, "samples");
  MatrixXd inputs(samples, columns);
  VectorXd targets(samples);
  for (Eigen::Index i = 0; i < samples; ++i) {
    for (Eigen::Index c = 0; c < columns; ++c) inputs(i, c) = 10 + 3 * random.normal();
    targets[i] = 100 / inputs(i, 0) + inputs(i, 1) * inputs(i, 2);
  }
  TrainingOptions options;
  options.epochs = 6;
  options.validation_share = 0;
  options.epsilon = epsilon;
  options.seed = 9;
  const auto trained = train(inputs, targets, options);
  REQUIRE(trained);

  const auto standard = [](const MatrixXd& values) {
    const Eigen::RowVectorXd mean = values.colwise().mean();
    const MatrixXd centred = values.rowwise() - mean;
    const Eigen::RowVectorXd scale = (centred.cwiseAbs2().colwise().mean()).cwiseSqrt();
    return MatrixXd(centred.array().rowwise() / scale.array());
  };
  const MatrixXd x = standard(inputs);
  const VectorXd y = standard(targets);
  sim::RandomStream weights(9, "surrogate/weights"), order(9, "surrogate/order"),
      dropout(9, "surrogate/dropout");
  Dense w = Dense::of(initial_parameters(columns, weights));
  Dense m = Dense::zero(columns), v = Dense::zero(columns);
  std::vector<Eigen::Index> rows(samples);
  std::iota(rows.begin(), rows.end(), Eigen::Index{0});
  int t = 0;
  for (int epoch = 0; epoch < options.epochs; ++epoch) {
    for (std::size_t left = rows.size(); left > 1; --left)
      std::swap(rows[left - 1], rows[static_cast<std::size_t>(order.below(left))]);
    double squares = 0;
    for (Eigen::Index begin = 0; begin < samples; begin += 16) {
      const Eigen::Index size = std::min<Eigen::Index>(16, samples - begin);
      MatrixXd batch(size, columns), factors1(size, widths[0]), factors2(size, widths[1]);
      VectorXd wanted(size);
      for (Eigen::Index i = 0; i < size; ++i) {
        batch.row(i) = x.row(rows[static_cast<std::size_t>(begin + i)]);
        wanted[i] = y[rows[static_cast<std::size_t>(begin + i)]];
        Eigen::VectorXf drawn1(units1), drawn2(units2);
        Dropout(0.4).draw(dropout, std::span(drawn1.data(), units1));
        Dropout(0.3).draw(dropout, std::span(drawn2.data(), units2));
        factors1.row(i) = drawn1.cast<double>().transpose();
        factors2.row(i) = drawn2.cast<double>().transpose();
      }
      squares += (w.forward(batch, factors1, factors2) - wanted).squaredNorm();
      Dense gradient = w.gradient(batch, wanted, factors1, factors2);
      dense_adam(w, m, v, gradient, ++t, epsilon);
    }
    const double found = trained->steps[static_cast<std::size_t>(epoch)].training_loss;
    CHECK(found == Approx(squares / samples).epsilon(1e-4));
  }
  CHECK(trained->minibatches == t);
  const MatrixXd ones1 = MatrixXd::Ones(samples, widths[0]), ones2 = MatrixXd::Ones(samples, widths[1]);
  const MatrixXd expected = w.forward(x, ones1, ones2);
  const auto predicted = predict(trained->network, inputs);
  REQUIRE(predicted);
  const VectorXd found = Eigen::Map<const VectorXd>(predicted->data(), samples);
  const double scale = std::sqrt((targets.array() - targets.mean()).square().mean());
  CHECK((found - (expected * scale + VectorXd::Constant(samples, targets.mean()))).cwiseAbs().maxCoeff() <
        1e-4 * scale);
}

}  // namespace
}  // namespace wattline::policies::surrogate
