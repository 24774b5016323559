// The weights of the surrogate network, and where each layer's are.
//
//   inputs - Dense 256 ReLU - dropout - Dense 128 ReLU - dropout - Dense 64 ReLU - Dense 1 linear
//
// (PowerTrain, arXiv 2407.13944, and Fulcrum, arXiv 2509.20205.) A layer's weights are by input: the weights
// from one input to all outputs are contiguous, so that an input that is zero is skipped whole. All are in
// one array, which starts at a cache line, as does each part of it. Value types.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <vector>

#include "sim/random.hpp"

namespace wattline::policies::surrogate {

inline constexpr std::size_t units1 = 256;
inline constexpr std::size_t units2 = 128;
inline constexpr std::size_t units3 = 64;
inline constexpr std::size_t max_inputs = 64;

template <class T>
struct CacheLineAllocator {
  using value_type = T;
  static constexpr std::align_val_t alignment{64};
  CacheLineAllocator() = default;
  template <class U>
  CacheLineAllocator(const CacheLineAllocator<U>&) {}  // NOLINT: implicit by the allocator requirements
  T* allocate(std::size_t n) { return static_cast<T*>(::operator new(n * sizeof(T), alignment)); }
  void deallocate(T* values, std::size_t) { ::operator delete(values, alignment); }
  template <class U>
  bool operator==(const CacheLineAllocator<U>&) const {
    return true;
  }
};
using Floats = std::vector<float, CacheLineAllocator<float>>;

// Offsets into the array. weights2[i * units2 + j] is from unit i of the first layer to unit j of the second.
struct Layout {
  explicit constexpr Layout(std::size_t inputs)
      : weights1(0),
        bias1(inputs * units1),
        weights2(bias1 + units1),
        bias2(weights2 + units1 * units2),
        weights3(bias2 + units2),
        bias3(weights3 + units2 * units3),
        weights4(bias3 + units3),
        bias4(weights4 + units3),
        size(bias4 + 1) {}
  std::size_t weights1, bias1, weights2, bias2, weights3, bias3, weights4, bias4, size;
};

struct Parameters {
  // All zero. Precondition: 1 <= input_columns <= max_inputs.
  explicit Parameters(std::size_t input_columns)
      : inputs(input_columns), values(Layout(input_columns).size, 0.0f) {}

  std::size_t inputs;
  Floats values;

  Layout layout() const { return Layout(inputs); }
  bool operator==(const Parameters&) const = default;
};

// Weights uniform in +-sqrt(6 / (inputs + outputs of the layer)) (Glorot and Bengio 2010), biases zero:
// Keras' defaults, which the papers' authors used. One draw a weight, in the order of the array.
Parameters initial_parameters(std::size_t inputs, sim::RandomStream& random);

// The same for the last layer alone; the others stay.
void renew_last_layer(Parameters& parameters, sim::RandomStream& random);

bool all_finite(const Parameters& parameters);

// Of the bytes of all weights: equal for equal training, on machines of the same byte order.
std::uint64_t signature_of(const Parameters& parameters);

}  // namespace wattline::policies::surrogate
