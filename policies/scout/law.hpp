// The family of boards that scout reckons with: how long a minibatch takes and what it draws, as a function
// of the power mode and of a few unknown parameters. It is a roofline of one lump per workload with smooth
// transitions: simple enough to be learnt from a handful of profiles, not exact for any board.
//
// With knobs as shares of their top values (n cores, c CPU clock, g GPU clock, e EMC clock), w the share of
// the data loaders that the cores leave room for, and r the batch over 16:
//   compute   x = A r / g
//   memory    y = A (m r + m0) / b,   b = (e^-8 + (kappa g)^-8)^(-1/8)   DRAM, or what the GPU clock allows
//   kernels   k = (x^q + y^q)^(1/q),  q > 1: between their sum (kernels are of one kind or the other) and
//   their
//                                     maximum (every kernel is both)
//   launch    l = A l0 / c;   loading (training only) s = A s0 / (c w)
//   time      t = (k^8 + l^8 + s^8)^(1/8)
//   power     P0 + Vc (n C1 + c (C2 (1 + 4 w s / t) + n C3)) + Vg (G1 + G2 g (u + (1 - u) gap)) + E e
//               + DA Vg A r / t + DM A (m r + m0) / t
// with u = k / t the share of time that the GPU works, Vc = (vc + (1 - vc) c)^2 and Vg likewise the squares
// of the voltages. Roofline: Williams et al. 2009; energy roofline: Choi et al. 2013, as in Pagoda (arXiv
// 2509.20189). Pure functions of value types.
#pragma once

#include <Eigen/Core>
#include <vector>

#include "devices/mode_space.hpp"

namespace wattline::policies::scout {

// Two streams of minibatches share a board: training (or the non-urgent inference in its place), and
// inference.
enum class Stream { background, inference };

// Of the board, then of each stream. All enter as logarithms, but for vc, vg and gap, which enter as logits,
// and q, which enters as log(q - 1).
enum BoardParameter { kappa, p0, c1, c2, c3, vc, g1, g2, vg, e1, gap, board_parameters };
enum StreamParameter {
  amount,
  memory,
  memory_fixed,
  launch,
  loading,
  compute_power,
  memory_power,
  exponent,
  stream_parameters
};
inline constexpr int parameter_count = board_parameters + 2 * stream_parameters;
using Parameters = Eigen::Matrix<double, parameter_count, 1>;

inline int index_of(Stream stream, StreamParameter parameter) {
  return board_parameters + (stream == Stream::background ? 0 : stream_parameters) + parameter;
}

// The most that a board draws, as far as is known before any profile.
struct Size {
  double w = 0;          // above 0
  double deviation = 0;  // of its logarithm
};

// What is thought of a board before any profile: independent normal distributions. Those of the board are
// what the law came to when fitted to four simulated boards (AGX Xavier, Xavier NX, Nano, TX2), its powers as
// shares of the board's size and wider by what is unknown of it; tests/policies/scout_prior_test.cpp fits
// them again. Those of a stream are wide: a factor of two in the power of its work, of three in every share
// of the time, of twelve in the time itself.
struct Prior {
  Parameters mean;
  Parameters deviation;
};
Prior prior(const Size& size);

// A mode's knobs as shares of the space's top.
struct Knobs {
  double cores = 1;
  double cpu = 1;
  double gpu = 1;
  double emc = 1;
  double loaders = 1;
  double log_gpu = 0;  // of gpu
};

// A minibatch of one stream. `loads`: it has an input pipeline (training).
struct Minibatch {
  Stream stream = Stream::inference;
  double batch = 16;
  bool loads = false;
};

// Logarithms of milliseconds and watts.
struct Prediction {
  double log_ms = 0;
  double log_w = 0;
};

// Derivatives of a prediction.
struct Slopes {
  Parameters log_ms;
  Parameters log_w;
};

// Time and power themselves.
struct Cost {
  double ms = 0;
  double w = 0;
};

class Grid;

// One board and pair of workloads: the law with its parameters given. Makes their exponentials once.
class Law {
 public:
  explicit Law(const Parameters& parameters);

  // The work of one minibatch, in milliseconds at the top clocks.
  struct Work {
    double compute_ms, memory_ms, fixed_ms, launch_ms, loading_ms;
    double log_compute, log_memory;
    double compute_power, memory_power, exponent;
  };
  Work work_of(const Minibatch& minibatch) const;

  Cost cost(const Work& work, const Knobs& knobs) const;
  Prediction predict(const Minibatch& minibatch, const Knobs& knobs, Slopes& slopes) const;

  // Of every mode of the grid, by mode. Both are resized.
  void predict(const Minibatch& minibatch, const Grid& grid, std::vector<double>& time_ms,
               std::vector<double>& power_w) const;

 private:
  struct StreamValues {
    double amount, memory, memory_fixed, launch, loading;  // ms at the top, of 16 samples
    double compute_power, memory_power, exponent;
  };
  struct Kernels;
  struct Parts;

  Kernels kernels_at(const Work& work, const Knobs& knobs) const;
  Parts parts_at(const Work& work, const Knobs& knobs) const;

  double kappa_, p0_, c1_, c2_, c3_, vc_, g1_, g2_, vg_, e1_, gap_;
  StreamValues streams_[2];
};

// The knobs of every mode of a space.
class Grid {
 public:
  explicit Grid(const devices::ModeSpace& modes);

  std::size_t size() const { return cores_.size() * cpu_.size() * gpu_.size() * emc_.size(); }
  Knobs at(std::size_t mode) const;

 private:
  friend class Law;
  std::vector<double> cores_, loaders_, cpu_, gpu_, log_gpu_, emc_;
};

}  // namespace wattline::policies::scout
