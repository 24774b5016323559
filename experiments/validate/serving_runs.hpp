// Simulated repeats of a load measurement: one server that takes requests in order, Poisson arrivals, a
// warm-up and a measured window, and the parallel serving overhead (sim/serving_overhead.hpp) on top.
//
// The figures are those that the measurement took, with its own estimator: percentiles of each run
// interpolated linearly between order statistics (numpy's default), then the mean over the runs. A
// minute at half a request a second has 30 requests, and their p99 is no 99th percentile of anything else.
//
// The server is the recursion departure_i = max(arrival_i, departure_{i-1}) + service, which is what
// sim/accelerator.hpp does with batches of one and no training (tested against it); here every request's
// latency is needed, not their histogram. All draws are made once: what is asked of one object for several
// parameters is compared under common random numbers. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace wattline::experiments {

struct LatencyFigures {
  double mean_ms = 0;
  double p50_ms = 0;
  double p95_ms = 0;
  double p99_ms = 0;
};

// The values at ranks q (n - 1) of the sorted values, interpolated, for ascending q. Reorders them.
// Precondition: not empty.
std::array<double, 3> interpolated_percentiles(std::span<double> values, const std::array<double, 3>& qs);

class ServingRuns {
 public:
  struct Plan {
    double rate_hz = 0;
    double duration_s = 0;
    double warmup_s = 5;
    std::size_t runs = 1;
    std::uint64_t seed = 0;
  };

  // `stream` names the random streams.
  ServingRuns(const Plan& plan, std::string_view stream);

  // Serves all requests anew, each in service_ms; mean time in the system.
  double serve(double service_ms);

  // Of what was served last, with a parallel overhead of this mean and coefficient of variation added.
  LatencyFigures figures(double parallel_ms, double parallel_cv);

 private:
  struct Run {
    std::vector<double> arrivals_ms;
    std::size_t warmup = 0;  // the first requests, which are not measured
    std::vector<double> latencies_ms;
    std::vector<double> normals;  // one a measured request
  };
  const std::vector<std::vector<double>>& factors(double parallel_cv);

  std::vector<Run> runs_;
  std::vector<double> scratch_;
  // The unit overheads of each coefficient of variation that was asked for.
  std::vector<std::pair<double, std::vector<std::vector<double>>>> factors_;
};

}  // namespace wattline::experiments
