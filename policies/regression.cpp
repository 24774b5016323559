#include "policies/regression.hpp"

#include <fmt/format.h>

#include <Eigen/Core>
#include <algorithm>
#include <vector>

#include "policies/least_squares.hpp"
#include "policies/predicted_table.hpp"

namespace wattline::policies {

namespace {

using devices::Axis;
using devices::ModeSpace;
using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;
using Model = RegressionOptions::Model;

struct Knobs {
  double cores, cpu, gpu, emc;  // shares of the top
};

Knobs knobs_of(const ModeSpace& modes, std::size_t mode) {
  const devices::PowerMode at = modes.at(mode);
  const auto share = [&](std::int32_t value, Axis axis) {
    return static_cast<double>(value) / modes.axis(axis).back();
  };
  return {share(at.cores, Axis::cores), share(at.cpu_khz, Axis::cpu), share(at.gpu_khz, Axis::gpu),
          share(at.emc_khz, Axis::emc)};
}

// `batch` is 0 where time is not a function of it.
VectorXd time_terms(Model model, const Knobs& k, int batch) {
  if (model == Model::linear) return VectorXd{{1, 1 / k.cores, 1 / k.cpu, 1 / k.gpu, 1 / k.emc}};
  const VectorXd once{{1 / k.gpu, 1 / k.emc, 1 / k.cpu, 1 / (k.cpu * k.cores), 1}};
  if (batch == 0) return once;
  VectorXd terms(2 * once.size());
  terms << once, batch * once;
  return terms;
}

VectorXd power_terms(Model model, const Knobs& k) {
  if (model == Model::linear) return VectorXd{{1, k.cores, k.cpu, k.gpu, k.emc}};
  return VectorXd{
      {1, k.gpu, k.gpu * k.gpu * k.gpu, k.emc, k.cpu, k.cores * k.cpu, k.cores * k.cpu * k.cpu * k.cpu}};
}

// Rows of terms and what was seen there. Dividing both by the latter makes errors relative.
class Fit {
 public:
  void add(const VectorXd& terms, double seen) {
    if (!(seen > 0)) return;  // of no power nothing can be learnt in relative terms
    rows_.push_back(terms / seen);
  }
  // Empty without a row.
  VectorXd coefficients(Model model) const {
    if (rows_.empty()) return {};
    MatrixXd terms(static_cast<Index>(rows_.size()), rows_.front().size());
    for (std::size_t i = 0; i < rows_.size(); ++i) terms.row(static_cast<Index>(i)) = rows_[i].transpose();
    const VectorXd ones = VectorXd::Ones(terms.rows());
    return model == Model::linear ? least_squares(terms, ones) : non_negative_least_squares(terms, ones);
  }

 private:
  std::vector<VectorXd> rows_;
};

double applied(const VectorXd& coefficients, const VectorXd& terms) {
  return coefficients.size() == 0 ? 0 : coefficients.dot(terms);  // 0: no prediction
}

// Of one role: time and power as functions of the knobs, from its sample.
class RoleModel {
 public:
  // `batches`: of inference; empty for training.
  RoleModel(Model model, const ModeSpace& modes, const std::vector<Observed>& sample,
            const std::vector<int>& batches)
      : model_(model), modes_(modes), batches_(batches) {
    std::vector<Fit> time(count()), power(count());
    for (const Observed& seen : sample) {
      const Knobs knobs = knobs_of(modes, seen.mode);
      time[time_fit(seen.batch)].add(time_terms(model_, knobs, batch_term(seen.batch)),
                                     sim::ns_to_ms(seen.minibatch.time_ns));
      power[seen.batch].add(power_terms(model_, knobs), seen.minibatch.power_w);
    }
    for (const Fit& fit : time) time_.push_back(fit.coefficients(model_));
    for (const Fit& fit : power) power_.push_back(fit.coefficients(model_));
  }

  std::vector<Measured> predict(std::size_t batch) const {
    std::vector<Measured> column;
    for (std::size_t mode = 0; mode < modes_.size(); ++mode) {
      const Knobs knobs = knobs_of(modes_, mode);
      column.push_back(
          predicted(applied(time_[time_fit(batch)], time_terms(model_, knobs, batch_term(batch))),
                    applied(power_[batch], power_terms(model_, knobs))));
    }
    return column;
  }

 private:
  std::size_t count() const { return std::max<std::size_t>(1, batches_.size()); }
  // The roofline's times of all batches are one fit, with terms in the batch.
  std::size_t time_fit(std::size_t batch) const { return model_ == Model::roofline ? 0 : batch; }
  int batch_term(std::size_t batch) const {
    return model_ == Model::roofline && batches_.size() > 1 ? batches_[batch] : 0;
  }

  Model model_;
  const ModeSpace& modes_;
  std::vector<int> batches_;
  std::vector<VectorXd> time_, power_;  // coefficients, by fit
};

Learnt learn(const RegressionOptions& options, const Problem& like, const ModeSpace& modes,
             Notebook& notebook) {
  sim::RandomStream stream(options.seed, fmt::format("regression/{}", family_name(like)));
  Learnt learnt;
  learnt.sample = random_sample(like, modes, static_cast<std::size_t>(options.profiles), stream, notebook);
  if (like.trains())
    learnt.predictions.train = RoleModel(options.model, modes, learnt.sample.train, {}).predict(0);
  if (!like.infers()) return learnt;
  const RoleModel inference(options.model, modes, learnt.sample.infer, like.infer_batches);
  for (std::size_t batch = 0; batch < like.infer_batches.size(); ++batch)
    learnt.predictions.infer.push_back(inference.predict(batch));
  return learnt;
}

}  // namespace

std::unique_ptr<Solver> Regression::start(Platform& platform) const {
  return std::make_unique<PredictingSolver>(
      platform, options_.profiles, options_.margin,
      [options = options_](const Problem& like, const ModeSpace& modes, Notebook& notebook) {
        return learn(options, like, modes, notebook);
      });
}

Outcome Regression::solve(const Problem& problem, Platform& platform) const {
  return start(platform)->solve(problem);
}

}  // namespace wattline::policies
