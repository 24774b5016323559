// Time and energy rooflines over the power modes of a board (Pagoda, arXiv 2509.20189, after Choi et al.
// 2013), learnt from profiles of minibatches.
//
// Of work W (FLOP) and traffic Q (bytes) the paper's model says, per power mode,
//   T = max(W tau_flop, Q tau_mop)         E = W eps_flop + Q eps_mop + pi0 T
// with constants that it measures for each mode. Our reading makes them functions of the mode, so that few
// profiles tell of all modes. With knobs as shares of their top (n cores, c CPU, g GPU, e EMC clock) and b
// the minibatch's size over the size that the role was first profiled at:
//   T = max(b A / g, b M / e, L / c)                                     each role its own A, M, L
//   E / T = P0 + P1 n c + P2 g + P3 e + b (F g^2 + D) / T                P shared, each role its own F and D
// A and F stand for W times its constants, M and D for Q times its: of one network only the products count,
// so W and Q need not be known and any workload will do. L, which the paper does not have, is the CPU
// launching kernels: without it small minibatches do not fit. g^2 is the GPU's voltage. What profiles show
// beyond the model is carried over to modes near them.
#pragma once

#include <Eigen/Core>
#include <array>
#include <vector>

#include "devices/mode_space.hpp"
#include "policies/problem.hpp"

namespace wattline::policies {

// What of two is running: training (or what takes its place), or inference.
enum class Half { train, infer };

// A mode's knobs as shares of the space's top.
struct RooflineKnobs {
  double cores = 1, cpu = 1, gpu = 1, emc = 1;
};
RooflineKnobs roofline_knobs(const devices::ModeSpace& modes, std::size_t mode);

class EnergyRoofline {
 public:
  // `size` is the minibatch's. Preconditions: size >= 1; `seen` as profiled.
  void observe(Half half, double size, const RooflineKnobs& knobs, const Measured& seen);

  // Fits anew. Each ceiling starts as high as no profile contradicts, and is then moved to where the squared
  // errors of log T are least; one that then explains no profile is dropped.
  void fit();

  // Preconditions: fit() since the last observe(), and an observation of this half; else nothing is predicted
  // (a Measured of 0 ns).
  Measured predict(Half half, double size, const RooflineKnobs& knobs) const;

 private:
  static constexpr std::size_t ceilings = 3;
  struct Point {
    double scale = 1;  // b above
    RooflineKnobs knobs;
    std::array<double, 4> place{};  // logarithms of the knobs
    double time_ms = 0;
    double power_w = 0;
    double log_time_left = 0;  // log of seen over modelled
    double log_power_left = 0;
  };
  struct Role {
    double first_size = 0;
    std::vector<Point> points;
    std::array<double, ceilings> log_ceiling{};
  };

  void fit_time(Role& role) const;
  void fit_power();
  double modelled_ms(const Role& role, double scale, const RooflineKnobs& knobs) const;
  double modelled_w(std::size_t role, double scale, double time_ms, const RooflineKnobs& knobs) const;

  std::array<Role, 2> roles_;
  Eigen::VectorXd power_;
};

}  // namespace wattline::policies
