#include "policies/surrogate/parameters.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace wattline::policies::surrogate {

namespace {

void draw_glorot(float* weights, std::size_t inputs, std::size_t outputs, sim::RandomStream& random) {
  const double limit = std::sqrt(6.0 / static_cast<double>(inputs + outputs));
  for (std::size_t i = 0; i < inputs * outputs; ++i)
    weights[i] = static_cast<float>(limit * (2 * random.uniform() - 1));
}

}  // namespace

Parameters initial_parameters(std::size_t inputs, sim::RandomStream& random) {
  Parameters parameters(inputs);
  const Layout at(inputs);
  float* const values = parameters.values.data();
  draw_glorot(values + at.weights1, inputs, units1, random);
  draw_glorot(values + at.weights2, units1, units2, random);
  draw_glorot(values + at.weights3, units2, units3, random);
  draw_glorot(values + at.weights4, units3, 1, random);
  return parameters;
}

void renew_last_layer(Parameters& parameters, sim::RandomStream& random) {
  const Layout at = parameters.layout();
  draw_glorot(parameters.values.data() + at.weights4, units3, 1, random);
  parameters.values[at.bias4] = 0;
}

bool all_finite(const Parameters& parameters) {
  return std::all_of(parameters.values.begin(), parameters.values.end(),
                     [](float value) { return std::isfinite(value); });
}

std::uint64_t signature_of(const Parameters& parameters) {
  return sim::hash_text(std::string_view(reinterpret_cast<const char*>(parameters.values.data()),
                                         parameters.values.size() * sizeof(float)));
}

}  // namespace wattline::policies::surrogate
