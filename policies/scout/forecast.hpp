// What scout's hypotheses say of the plans of a problem: which could be best, and whether they would keep the
// budgets.
#pragma once

#include <compare>
#include <functional>
#include <optional>
#include <vector>

#include "policies/problem.hpp"
#include "policies/scout/predictions.hpp"

namespace wattline::policies::scout {

// A candidate (mode, batch); batch is 0 where the problem does not infer.
struct Point {
  std::size_t mode = 0;
  int batch = 0;
  auto operator<=>(const Point&) const = default;
};

// How good a plan is that comes to `value`: negative when it breaks a budget; else twice as much is twice as
// good (twice the throughput, half the time, half the energy).
double worth(const Problem& problem, const Evaluation& value);

// One candidate under every hypothesis.
struct Forecast {
  Point point;
  std::vector<double> worth;     // by hypothesis
  double background_breaks = 0;  // share of the hypotheses under which that stream alone breaks a budget
  double inference_breaks = 0;
};

// The shares by which budgets are exceeded.
struct Excess {
  double sum = 0;      // over the budgets
  double largest = 0;  // of one budget
};

// A candidate and the sum of the shares by which it exceeds its budgets.
struct Nearest {
  Point point;
  double excess = 0;
};

// Points that all hypotheses look at, besides the best of each that scans the whole space.
inline constexpr std::size_t candidates_kept = 48;
inline constexpr std::size_t hypotheses_scanning = 64;

// Forecasts of one problem. Borrows the problem.
class Forecaster {
 public:
  explicit Forecaster(const Problem& problem);

  // The candidates that the scanning hypotheses find best, on average or for one of them, and those in
  // `besides`, under every hypothesis; ascending by point. `caution`: how much keeping the budgets counts
  // against being good. Empty when no hypothesis finds any candidate within the budgets.
  std::vector<Forecast> of(const Predictions& predictions, double caution,
                           const std::vector<Point>& besides = {}) const;

  // Of the candidates that count, the one that exceeds its budgets least in the mean of the scanning
  // hypotheses; nothing when none counts. Those count that by one hypothesis at least are out of no budget by
  // more than the share `out_by`.
  std::optional<Nearest> nearest(const Predictions& predictions,
                                 const std::function<bool(const Point&)>& counts, double out_by) const;

 private:
  // Budgets of one batch, in milliseconds.
  struct Terms {
    int batch = 0;
    double gathering_ms = 0;
    double cycle_ms = 0;
    double room_ms = 0;  // for inference to keep latency and rate
  };

  // worth() of a prediction, in real numbers: it is asked for a hundred thousand times a problem.
  double train_per_cycle_of(const Terms& terms, const Pair& pair) const;
  double energy_of(const Terms& terms, const Pair& pair, double per_cycle) const;  // joules a sample
  double worth_of(const Terms& terms, const Pair& pair) const;
  Excess excess_of(const Terms& terms, const Pair& pair) const;
  // worth_of() for every mode, from columns: rounded to single precision.
  void worths_of(const Terms& terms, const Predictions::Column& background,
                 const Predictions::Column& inference, std::vector<float>& worths) const;
  std::vector<std::size_t> promising(const Predictions& predictions, double caution) const;

  const Problem& problem_;
  std::vector<Terms> terms_;
};

}  // namespace wattline::policies::scout
