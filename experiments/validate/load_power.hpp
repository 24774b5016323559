// Wall power of a board that serves requests: idle power and an energy per request, from the lowest load.
#pragma once

#include <optional>
#include <vector>

#include "experiments/validate/load_fit.hpp"

namespace wattline::experiments {

// Of modes[index]; nothing where its lowest load has no power or no idle power. With B the idle power, P and
// r the power and rate of the lowest load, a request costs (P - B) / r. Its inference alone costs
// (P1 - B) t1 in closed loop (power P1, time t1), and serving it cannot cost less, so B is at most
// (P - P1 r t1) / (1 - r t1). The bound holds for all models of the same board and mode: they share their
// idle power.
std::optional<PowerModel> fit_power(const std::vector<ServedMode>& modes, std::size_t index);

}  // namespace wattline::experiments
