// Each kernel is written once, as plain loops of fixed length that compilers vectorise, and inlined into one
// function for each instruction set. This file is to be compiled with -fno-math-errno: square roots are
// vectorised only where nobody asks for errno. Results are the same without, but a step takes three times as
// long.
#include "policies/surrogate/kernels.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#if defined(__x86_64__) && defined(__GNUC__)
#define WATTLINE_HAS_AVX2 1
#else
#define WATTLINE_HAS_AVX2 0
#endif

// GCC 12 likes to unroll a loop around a kernel and jam the copies of the kernel into one, which it then
// fails to vectorise. An empty statement that it cannot reorder keeps it from that.
#if defined(__GNUC__)
#define WATTLINE_INLINE inline __attribute__((always_inline))
#define WATTLINE_NO_JAM __asm__ volatile("")
#else
#define WATTLINE_INLINE inline
#define WATTLINE_NO_JAM static_cast<void>(0)
#endif

namespace wattline::policies::surrogate {

namespace {

// A row to be added, multiplied by a factor.
struct Term {
  float factor;
  const float* row;
};

template <std::size_t n>
WATTLINE_INLINE void add1(float* __restrict sum, float f0, const float* __restrict r0) {
  for (std::size_t j = 0; j < n; ++j) sum[j] = sum[j] + f0 * r0[j];
}
template <std::size_t n>
WATTLINE_INLINE void add2(float* __restrict sum, float f0, const float* __restrict r0, float f1,
                          const float* __restrict r1) {
  for (std::size_t j = 0; j < n; ++j) sum[j] = (sum[j] + f0 * r0[j]) + f1 * r1[j];
}
template <std::size_t n>
WATTLINE_INLINE void add4(float* __restrict sum, float f0, const float* __restrict r0, float f1,
                          const float* __restrict r1, float f2, const float* __restrict r2, float f3,
                          const float* __restrict r3) {
  for (std::size_t j = 0; j < n; ++j)
    sum[j] = (((sum[j] + f0 * r0[j]) + f1 * r1[j]) + f2 * r2[j]) + f3 * r3[j];
}

// Four terms in one pass over the sum, which saves three quarters of its loads and stores. The order of
// additions is that of the terms, however they are grouped.
template <std::size_t n>
WATTLINE_INLINE void add_terms(float* sum, const Term* terms, std::size_t count) {
  const Term* t = terms;
  for (std::size_t quads = count / 4; quads > 0; --quads, t += 4) {
    WATTLINE_NO_JAM;
    add4<n>(sum, t[0].factor, t[0].row, t[1].factor, t[1].row, t[2].factor, t[2].row, t[3].factor, t[3].row);
  }
  if (count % 4 >= 2) {
    add2<n>(sum, t[0].factor, t[0].row, t[1].factor, t[1].row);
    t += 2;
  }
  if (count % 2 == 1) add1<n>(sum, t[0].factor, t[0].row);
}

template <std::size_t n>
WATTLINE_INLINE float dot(const float* a, const float* b) {
  constexpr std::size_t lanes = 16;
  static_assert(n % lanes == 0);
  float sum[lanes];
  for (std::size_t k = 0; k < lanes; ++k) sum[k] = a[k] * b[k];
  for (std::size_t j = lanes; j < n; j += lanes)
    for (std::size_t k = 0; k < lanes; ++k) sum[k] += a[j + k] * b[j + k];
  for (std::size_t k = 0; k < 8; ++k) sum[k] += sum[k + 8];
  for (std::size_t k = 0; k < 4; ++k) sum[k] += sum[k + 4];
  return (sum[0] + sum[2]) + (sum[1] + sum[3]);
}

// Moments this small move no weight, but would in time become subnormal, which many processors compute
// slowly.
constexpr float least_mean = 1e-20f;
constexpr float least_square = 1e-30f;

template <std::size_t n>
WATTLINE_INLINE void adam(const AdamStep& step, const float* __restrict gradient, float* __restrict w,
                          float* __restrict m, float* __restrict v) {
  const AdamStep by = step;
  for (std::size_t j = 0; j < n; ++j) {
    const float g = gradient[j];
    const float mean = m[j] + by.gain1 * (g - m[j]);
    const float square = v[j] + by.gain2 * (g * g - v[j]);
    m[j] = std::abs(mean) < least_mean ? 0.0f : mean;
    v[j] = square < least_square ? 0.0f : square;
    w[j] = w[j] - by.rate * m[j] / (std::sqrt(v[j]) + by.epsilon);
  }
}

// The inputs of a layer that are not zero, with their rows of weights.
template <std::size_t inputs, std::size_t outputs>
WATTLINE_INLINE std::size_t active_terms(const float* input, const float* weights, Term* terms) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < inputs; ++i) {
    terms[count] = {input[i], weights + i * outputs};
    count += input[i] > 0 ? 1 : 0;  // without a branch, which none could predict
  }
  return count;
}

template <std::size_t outputs>
WATTLINE_INLINE void relu(float* output) {
  for (std::size_t j = 0; j < outputs; ++j) output[j] = output[j] > 0 ? output[j] : 0.0f;
}
template <std::size_t outputs>
WATTLINE_INLINE void relu(float* output, const float* __restrict factors) {
  for (std::size_t j = 0; j < outputs; ++j) output[j] = (output[j] > 0 ? output[j] : 0.0f) * factors[j];
}

// A dense layer before its activation: of few inputs, none of them known to be zero; of units.
template <std::size_t outputs>
WATTLINE_INLINE void dense_inputs(const float* input, std::size_t inputs, const float* weights,
                                  const float* bias, float* output) {
  Term terms[max_inputs];
  for (std::size_t i = 0; i < inputs; ++i) terms[i] = {input[i], weights + i * outputs};
  std::copy_n(bias, outputs, output);
  add_terms<outputs>(output, terms, inputs);
}
template <std::size_t inputs, std::size_t outputs>
WATTLINE_INLINE void dense(const float* input, const float* weights, const float* bias, float* output) {
  Term terms[inputs + 1];
  const std::size_t count = active_terms<inputs, outputs>(input, weights, terms);
  std::copy_n(bias, outputs, output);
  add_terms<outputs>(output, terms, count);
}

// A layer's parameters, moments included.
struct Layer {
  float *w, *m, *v;     // weights
  float *wb, *mb, *vb;  // biases
};

WATTLINE_INLINE Layer layer_of(State& state, std::size_t weights, std::size_t bias) {
  float* const w = state.weights.values.data();
  float* const m = state.mean.values.data();
  float* const v = state.square.values.data();
  return {w + weights, m + weights, v + weights, w + bias, m + bias, v + bias};
}

template <std::size_t outputs>
WATTLINE_INLINE void update_bias(const AdamStep& step, const float* delta, std::size_t samples,
                                 const Layer& layer) {
  Term terms[max_minibatch];
  for (std::size_t s = 0; s < samples; ++s) terms[s] = {1.0f, delta + s * outputs};
  alignas(64) float gradient[outputs] = {};
  add_terms<outputs>(gradient, terms, samples);
  adam<outputs>(step, gradient, layer.wb, layer.mb, layer.vb);
}

// The first layer: nothing is passed on.
template <std::size_t outputs>
WATTLINE_INLINE void update_inputs(const AdamStep& step, const float* input, std::size_t inputs,
                                   const float* delta, std::size_t samples, const Layer& layer) {
  for (std::size_t i = 0; i < inputs; ++i) {
    Term terms[max_minibatch];
    for (std::size_t s = 0; s < samples; ++s) terms[s] = {input[s * inputs + i], delta + s * outputs};
    alignas(64) float gradient[outputs] = {};
    add_terms<outputs>(gradient, terms, samples);
    adam<outputs>(step, gradient, layer.w + i * outputs, layer.m + i * outputs, layer.v + i * outputs);
  }
  update_bias<outputs>(step, delta, samples, layer);
}

// Updates a layer and passes its deltas on to the inputs that were not silent. `factors` as of Minibatch.
template <std::size_t inputs, std::size_t outputs>
WATTLINE_INLINE void update(const AdamStep& step, const float* input, const float* factors,
                            const float* delta, std::size_t samples, const Layer& layer, float* input_delta) {
  // Bit s: the input is active in sample s.
  std::uint32_t active[inputs] = {};
  for (std::size_t s = 0; s < samples; ++s)
    for (std::size_t i = 0; i < inputs; ++i)
      active[i] |= (input[s * inputs + i] > 0 ? std::uint32_t{1} : std::uint32_t{0}) << s;
  std::fill_n(input_delta, samples * inputs, 0.0f);
  for (std::size_t i = 0; i < inputs; ++i) {
    Term terms[max_minibatch];
    std::size_t count = 0;
    for (std::uint32_t left = active[i]; left != 0; left &= left - 1) {
      const auto s = static_cast<std::size_t>(std::countr_zero(left));
      terms[count++] = {input[s * inputs + i], delta + s * outputs};
      input_delta[s * inputs + i] =
          factors[s * inputs + i] * dot<outputs>(layer.w + i * outputs, delta + s * outputs);
    }
    alignas(64) float gradient[outputs] = {};
    add_terms<outputs>(gradient, terms, count);
    adam<outputs>(step, gradient, layer.w + i * outputs, layer.m + i * outputs, layer.v + i * outputs);
  }
  update_bias<outputs>(step, delta, samples, layer);
}

// The last layer: one output. Deltas are those of the mean squared error.
WATTLINE_INLINE double update_last(const AdamStep& step, const float* input, const float* targets,
                                   std::size_t samples, const Layer& layer, float* input_delta) {
  alignas(64) float gradient[units3] = {};
  float bias_gradient = 0;
  double squares = 0;
  for (std::size_t s = 0; s < samples; ++s) {
    const float* const x = input + s * units3;
    const float error = (dot<units3>(layer.w, x) + *layer.wb) - targets[s];
    squares += double{error} * double{error};
    const float delta = 2 * error / static_cast<float>(samples);
    bias_gradient += delta;
    add1<units3>(gradient, delta, x);
    for (std::size_t i = 0; i < units3; ++i) {
      const float passed = delta * layer.w[i];
      input_delta[s * units3 + i] = x[i] > 0 ? passed : 0.0f;
    }
  }
  adam<units3>(step, gradient, layer.w, layer.m, layer.v);
  adam<1>(step, &bias_gradient, layer.wb, layer.mb, layer.vb);
  return squares;
}

WATTLINE_INLINE void forward(const Minibatch& minibatch, const Parameters& weights, Workspace& work) {
  const Layout at = weights.layout();
  const float* const w = weights.values.data();
  for (std::size_t s = 0; s < minibatch.size; ++s) {
    float* const output1 = work.output1.data() + s * units1;
    float* const output2 = work.output2.data() + s * units2;
    float* const output3 = work.output3.data() + s * units3;
    dense_inputs<units1>(minibatch.inputs + s * weights.inputs, weights.inputs, w + at.weights1, w + at.bias1,
                         output1);
    relu<units1>(output1, minibatch.factors1 + s * units1);
    dense<units1, units2>(output1, w + at.weights2, w + at.bias2, output2);
    relu<units2>(output2, minibatch.factors2 + s * units2);
    dense<units2, units3>(output2, w + at.weights3, w + at.bias3, output3);
    relu<units3>(output3);
  }
}

WATTLINE_INLINE double step_in(const Minibatch& minibatch, const AdamStep& by, bool last_layer_only,
                               State& state, Workspace& work) {
  const Layout at = state.weights.layout();
  const std::size_t samples = minibatch.size;
  forward(minibatch, state.weights, work);
  const double squares = update_last(by, work.output3.data(), minibatch.targets, samples,
                                     layer_of(state, at.weights4, at.bias4), work.delta3.data());
  if (last_layer_only) return squares;
  update<units2, units3>(by, work.output2.data(), minibatch.factors2, work.delta3.data(), samples,
                         layer_of(state, at.weights3, at.bias3), work.delta2.data());
  update<units1, units2>(by, work.output1.data(), minibatch.factors1, work.delta2.data(), samples,
                         layer_of(state, at.weights2, at.bias2), work.delta1.data());
  update_inputs<units1>(by, minibatch.inputs, state.weights.inputs, work.delta1.data(), samples,
                        layer_of(state, at.weights1, at.bias1));
  return squares;
}

WATTLINE_INLINE void predict_in(const Parameters& weights, const float* inputs, std::size_t rows,
                                float* predictions) {
  const Layout at = weights.layout();
  const float* const w = weights.values.data();
  alignas(64) float output1[units1], output2[units2], output3[units3];
  for (std::size_t row = 0; row < rows; ++row) {
    dense_inputs<units1>(inputs + row * weights.inputs, weights.inputs, w + at.weights1, w + at.bias1,
                         output1);
    relu<units1>(output1);
    dense<units1, units2>(output1, w + at.weights2, w + at.bias2, output2);
    relu<units2>(output2);
    dense<units2, units3>(output2, w + at.weights3, w + at.bias3, output3);
    relu<units3>(output3);
    predictions[row] = dot<units3>(w + at.weights4, output3) + w[at.bias4];
  }
}

#if WATTLINE_HAS_AVX2
__attribute__((target("avx2"))) double step_avx2(const Minibatch& minibatch, const AdamStep& by,
                                                 bool last_layer_only, State& state, Workspace& work) {
  return step_in(minibatch, by, last_layer_only, state, work);
}
__attribute__((target("avx2"))) void predict_avx2(const Parameters& weights, const float* inputs,
                                                  std::size_t rows, float* predictions) {
  predict_in(weights, inputs, rows, predictions);
}
#endif

}  // namespace

InstructionSet best_instruction_set() {
#if WATTLINE_HAS_AVX2
  if (__builtin_cpu_supports("avx2")) return InstructionSet::avx2;
#endif
  return InstructionSet::baseline;
}

double training_step(const Minibatch& minibatch, const AdamStep& adam_step, bool last_layer_only,
                     State& state, Workspace& workspace, InstructionSet instructions) {
#if WATTLINE_HAS_AVX2
  if (instructions == InstructionSet::avx2)
    return step_avx2(minibatch, adam_step, last_layer_only, state, workspace);
#endif
  static_cast<void>(instructions);
  return step_in(minibatch, adam_step, last_layer_only, state, workspace);
}

void predict_standardised(const Parameters& weights, const float* inputs, std::size_t rows,
                          float* predictions, InstructionSet instructions) {
#if WATTLINE_HAS_AVX2
  if (instructions == InstructionSet::avx2) return predict_avx2(weights, inputs, rows, predictions);
#endif
  static_cast<void>(instructions);
  predict_in(weights, inputs, rows, predictions);
}

}  // namespace wattline::policies::surrogate
