// Minima of functions of one variable that are sampled, noisy and cheap to ask a few times. Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

namespace wattline::experiments {

struct SampledMinimum {
  double at = 0;
  double value = 0;
};

// The lowest sample, refined by the parabola through it and its two neighbours. `xs` ascending, as many as
// `values`, at least one.
SampledMinimum sampled_minimum(std::span<const double> xs, std::span<const double> values);

// Where `f` is least between low and high: `trials` equal steps, then the neighbourhood of the best one
// narrowed by golden section to a tenth of a step. Ties go to the lower place.
double minimum_between(double low, double high, std::size_t trials, const std::function<double(double)>& f);

}  // namespace wattline::experiments
