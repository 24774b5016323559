// Rooflines of time and energy on boards that follow them, and near what was seen on boards that do not.
#include "policies/energy_roofline.hpp"

#include "tests/policies/imagined_board.hpp"

namespace wattline::policies {
namespace {

using namespace imagined;

// The law of the header with A = 10, M = 8, L = 6 ms for training and a tenth more for inference of 4.
Measured roofline_board(Half half, double size, const RooflineKnobs& k) {
  const double b = half == Half::train ? 1 : size / 4, f = half == Half::train ? 1 : 1.1;
  const double time_ms = f * std::max({b * 10 / k.gpu, b * 8 / k.emc, 6 / k.cpu});
  const double power_w =
      4 + 3 * k.cores * k.cpu + 2 * k.gpu + 1 * k.emc + b * (90 * f * k.gpu * k.gpu + 30) / time_ms;
  return {std::llround(time_ms * 1e6), power_w};
}

TEST_CASE("From points under every ceiling the roofline of a board is found, of both halves and any size") {
  const auto modes = grid();
  EnergyRoofline model;
  sim::RandomStream stream(1, "points");
  for (int i = 0; i < 25; ++i) {
    const RooflineKnobs knobs = roofline_knobs(modes, static_cast<std::size_t>(stream.below(modes.size())));
    model.observe(Half::train, 16, knobs, roofline_board(Half::train, 16, knobs));
    for (const double size : {4.0, 16.0})
      model.observe(Half::infer, size, knobs, roofline_board(Half::infer, size, knobs));
  }
  model.fit();
  for (std::size_t mode = 0; mode < modes.size(); ++mode) {
    const RooflineKnobs knobs = roofline_knobs(modes, mode);
    for (const double size : {1.0, 4.0, 16.0, 32.0}) {
      for (const Half half : {Half::train, Half::infer}) {
        if (half == Half::train && size != 16) continue;
        CAPTURE(mode, size, half == Half::train);
        const Measured expected = roofline_board(half, size, knobs), got = model.predict(half, size, knobs);
        CHECK(static_cast<double>(got.time_ns) ==
              Approx(static_cast<double>(expected.time_ns)).epsilon(1e-5));
        CHECK(got.power_w == Approx(expected.power_w).epsilon(1e-4));
      }
    }
  }
}

TEST_CASE("A ceiling that explains no profile is no bound, until a profile comes under it") {
  const RooflineKnobs top, slow_gpu{1, 1, 0.5, 1}, slow_cpu{1, 0.5, 1, 1}, slower_cpu{1, 0.25, 1, 1};
  EnergyRoofline model;
  model.observe(Half::train, 16, top, {10 * ms, 20});
  model.fit();
  CHECK(model.predict(Half::train, 16, top).time_ns == 10 * ms);
  CHECK(model.predict(Half::train, 16, top).power_w == Approx(20));
  CHECK(model.predict(Half::train, 16, slow_gpu).time_ns == 20 * ms);
  CHECK(model.predict(Half::train, 16, slower_cpu).time_ns == 10 * ms);
  CHECK(model.predict(Half::infer, 1, top).time_ns == 0);  // of which nothing was seen
  // Half the CPU clock is no slower, a quarter is twice as slow: the ceiling is just not felt at half.
  model.observe(Half::train, 16, slow_cpu, {10 * ms, 18});
  model.observe(Half::train, 16, slow_gpu, {20 * ms, 15});
  model.observe(Half::train, 16, slower_cpu, {20 * ms, 17});
  model.fit();
  CHECK(model.predict(Half::train, 16, {1, 0.125, 1, 1}).time_ns == 40 * ms);
  CHECK(model.predict(Half::train, 16, {1, 0.5, 0.25, 1}).time_ns == 40 * ms);
}

TEST_CASE("What was seen beyond the law is found again where it was seen, and is forgotten far away") {
  const auto modes = grid();
  EnergyRoofline model;
  for (std::size_t mode = 0; mode < modes.size(); mode += 5) {
    const RooflineKnobs knobs = roofline_knobs(modes, mode);
    model.observe(Half::train, 16, knobs, lawless(3)(Role::train, 16, modes.at(mode)));
  }
  model.fit();
  for (std::size_t mode = 0; mode < modes.size(); ++mode) {
    const Measured got = model.predict(Half::train, 16, roofline_knobs(modes, mode));
    CHECK(got.time_ns > 0);
    CHECK(std::isfinite(got.power_w));
    if (mode % 5 != 0) continue;
    const Measured seen = lawless(3)(Role::train, 16, modes.at(mode));
    CHECK(std::abs(std::log(static_cast<double>(got.time_ns) / static_cast<double>(seen.time_ns))) < 0.6);
    CHECK(std::abs(std::log(got.power_w / seen.power_w)) < 0.3);
  }
}

TEST_CASE("Energy a sample is least at neither end where static power and voltage pull apart") {
  // Compute-bound: E = pi0 T + F g^2 with T = A / g has its minimum where pi0 A / g^2 = 2 F g: at
  // g^3 = pi0 A / (2 F) = 4 * 10 / (2 * 160) = 1 / 8, so at half the clock.
  const auto energy_mj = [](const EnergyRoofline& model, double g) {
    const Measured got = model.predict(Half::train, 16, {1, 1, g, 1});
    return sim::ns_to_ms(got.time_ns) * got.power_w;
  };
  EnergyRoofline model;
  for (const double g : {1.0, 0.7, 0.3}) {
    const double time_ms = 10 / g;
    model.observe(Half::train, 16, {1, 1, g, 1}, {std::llround(time_ms * 1e6), 4 + 160 * g * g / time_ms});
  }
  model.fit();
  CHECK(energy_mj(model, 0.5) == Approx(4 * 20 + 160 * 0.25).epsilon(0.02));
  CHECK(energy_mj(model, 0.5) < energy_mj(model, 0.4));
  CHECK(energy_mj(model, 0.5) < energy_mj(model, 0.65));
}

}  // namespace
}  // namespace wattline::policies
