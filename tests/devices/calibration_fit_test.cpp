// Fitting the law to profiles that the law itself made, so that the truth is known.
#include "devices/calibration/fit.hpp"

#include <cmath>
#include <numeric>

#include "devices/calibration/group.hpp"
#include "sim/random.hpp"
#include "tests/catch.hpp"

namespace wattline::devices::calibration {
namespace {

using workloads::Role;

// A board on which some groups run, with parameters that are known.
struct World {
  DeviceSpec spec = *find_device("orin-agx-64gb");
  std::vector<Group> groups;
  ParameterSet time, power;
  std::vector<double> time_board, power_board;                 // the truth, in logarithms
  std::vector<std::vector<double>> time_groups, power_groups;  // of each group

  // The truth is drawn from the priors, `away` times as wide.
  World(const std::vector<std::string>& workloads, std::uint64_t seed, double away = 1) {
    time.board = board_time_priors(spec);
    power.board = board_power_priors(spec, PowerKind::module_rails);
    for (const std::string& workload : workloads) {
      groups.push_back(*known_group(spec, workload, Role::infer, false));
      time.groups.push_back(time_priors(spec, groups.back(), 0.01));
      power.groups.push_back(power_priors(spec, groups.back()));
    }
    sim::RandomStream random(seed, "truth");
    const auto draw = [&](const std::vector<Parameter>& parameters) {
      std::vector<double> logs;
      for (const Parameter& p : parameters) {
        const double log = std::log(p.prior) + away * p.spread * random.normal();
        logs.push_back(std::clamp(log, std::log(p.low), std::log(p.high)));
      }
      return logs;
    };
    time_board = draw(time.board);
    power_board = draw(power.board);
    for (std::size_t g = 0; g < groups.size(); ++g) {
      time_groups.push_back(draw(time.groups[g]));
      power_groups.push_back(draw(power.groups[g]));
    }
  }
  std::pair<double, double> gpu_and_time_s(const Setting& at, std::size_t g) const {
    const double gpu = law::gpu_s(time_board.data(), time_groups[g].data(), at);
    return {gpu, law::time_s(time_groups[g].data(), gpu, at)};
  }
  double power_w(const Setting& at, std::size_t g) const {
    const auto [gpu, time_s] = gpu_and_time_s(at, g);
    const auto w = law::domain_power_w(power_board.data(), power_groups[g].data(), time_s,
                                       law::use_of(time_groups[g].data(), gpu, time_s, at), at);
    return w[0] + w[1] + w[2] + w[3];
  }
};

struct Profiles {
  std::vector<Observation> observations;
  std::vector<law::Use> use;
};

// Random modes and batches of every group. `noise`: standard deviation of the logarithm.
Profiles profiles_of(const World& world, std::size_t each, double noise, std::uint64_t seed) {
  sim::RandomStream random(seed, "profiles");
  const ModeSpace& space = world.spec.mode_spaces.front();
  Profiles profiles;
  for (std::size_t g = 0; g < world.groups.size(); ++g) {
    for (std::size_t i = 0; i < each; ++i) {
      const auto batch = std::int64_t{1} << random.below(7);
      const PowerMode mode = space.at(random.below(space.size()));
      Observation observed;
      observed.setting = setting_of(world.spec, world.groups[g], {batch, mode, {}, {}});
      observed.group = g;
      const auto [gpu, time_s] = world.gpu_and_time_s(observed.setting, g);
      observed.time_s = time_s * std::exp(noise * random.normal());
      observed.power_w = world.power_w(observed.setting, g) * std::exp(noise * random.normal());
      profiles.observations.push_back(observed);
      profiles.use.push_back(law::use_of(world.time_groups[g].data(), gpu, time_s, observed.setting));
    }
  }
  return profiles;
}

double predicted_s(const FitResult& fit, const Observation& at) {
  const auto board = fit.board_logs();
  const auto group = fit.group_logs(at.group);
  return law::time_s(group.data(), law::gpu_s(board.data(), group.data(), at.setting), at.setting);
}

// Mean of |predicted / true - 1| over fresh points.
double time_error(const World& world, const FitResult& fit) {
  const Profiles fresh = profiles_of(world, 100, 0, 999);
  double sum = 0;
  for (const Observation& at : fresh.observations) sum += std::abs(predicted_s(fit, at) / at.time_s - 1);
  return sum / static_cast<double>(fresh.observations.size());
}

bool covers(const Estimate& estimate, double log_truth) {
  return estimate.low95() <= std::exp(log_truth) && std::exp(log_truth) <= estimate.high95();
}

TEST_CASE("From profiles without noise the fit finds the parameters that made them") {
  const World world({"resnet50", "mobilenet_v3_large", "lstm"}, 3);
  const Profiles profiles = profiles_of(world, 80, 0, 4);
  const FitResult time = fit_time(world.time, profiles.observations, {});
  CHECK(time.termination == Termination::converged);
  // Nothing is left over; five points' worth of the assumed 5 % beside 80: 0.05 sqrt(5 / 85).
  for (const double noise : time.noise) CHECK(noise == Approx(0.0121).epsilon(0.02));
  CHECK(time_error(world, time) < 0.005);
  const FitResult power = fit_power(world.power, {}, profiles.observations, profiles.use, {});
  CHECK(power.termination == Termination::converged);

  // The intervals allow for 1 % of noise that is not there.
  int outside = 0;
  int all = 0;
  const auto check = [&](const std::vector<Parameter>& parameters, const std::vector<Estimate>& estimates,
                         const std::vector<double>& truth) {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      CAPTURE(parameters[i].name, estimates[i].value, estimates[i].deviation, std::exp(truth[i]));
      CHECK(std::abs(std::log(estimates[i].value) - truth[i]) < 3 * estimates[i].deviation);
      outside += covers(estimates[i], truth[i]) ? 0 : 1;
      ++all;
    }
  };
  check(world.time.board, time.board, world.time_board);
  check(world.power.board, power.board, world.power_board);
  for (std::size_t g = 0; g < world.groups.size(); ++g) {
    check(world.time.groups[g], time.groups[g], world.time_groups[g]);
    check(world.power.groups[g], power.groups[g], world.power_groups[g]);
    // What decides most of the time is known to a few per cent.
    CHECK(time.groups[g][launch_cycles].deviation < 0.1);
    CHECK(time.groups[g][launch_cycles].determined(world.time.groups[g][launch_cycles]));
  }
  CHECK(outside <= all / 10);
}

TEST_CASE("The 95 % intervals hold the truth in about 95 % of noisy sets of profiles") {
  constexpr int sets = 40;
  std::array<int, std::size_t{time_board_parameters} + time_group_parameters> inside{};
  std::array<int, std::size_t{power_board_parameters} + power_group_parameters> inside_power{};
  for (int set = 0; set < sets; ++set) {
    const auto seed = static_cast<std::uint64_t>(100 + set);
    const World world({"resnet50"}, seed);
    const Profiles profiles = profiles_of(world, 60, 0.05, seed);
    FitOptions options;
    options.starts = 1;
    const FitResult time = fit_time(world.time, profiles.observations, options);
    const FitResult power = fit_power(world.power, {}, profiles.observations, profiles.use, options);
    std::size_t k = 0;
    for (std::size_t i = 0; i < time.board.size(); ++i)
      inside[k++] += covers(time.board[i], world.time_board[i]);
    for (std::size_t i = 0; i < time.groups[0].size(); ++i)
      inside[k++] += covers(time.groups[0][i], world.time_groups[0][i]);
    k = 0;
    for (std::size_t i = 0; i < power.board.size(); ++i)
      inside_power[k++] += covers(power.board[i], world.power_board[i]);
    for (std::size_t i = 0; i < power.groups[0].size(); ++i)
      inside_power[k++] += covers(power.groups[0][i], world.power_groups[0][i]);
  }
  // Of 40 trials at 0.95 fewer than 32 come out with a probability of 2e-4, for one of 33 parameters 0.6 %.
  CAPTURE(inside, inside_power);
  CHECK(*std::min_element(inside.begin(), inside.end()) >= 32);
  CHECK(*std::min_element(inside_power.begin(), inside_power.end()) >= 32);
  // Of all 1,320 intervals, if independent, 0.926 to 0.974 hold at four deviations.
  const double share = (std::accumulate(inside.begin(), inside.end(), 0.0) +
                        std::accumulate(inside_power.begin(), inside_power.end(), 0.0)) /
                       (sets * static_cast<double>(inside.size() + inside_power.size()));
  CHECK(share > 0.92);
  CHECK(share < 0.98);
}

TEST_CASE("A parameter of which the profiles say nothing stays at its prior, and is not called determined") {
  const World world({"resnet50"}, 5);
  const Profiles profiles = profiles_of(world, 40, 0.02, 6);
  const FitResult time = fit_time(world.time, profiles.observations, {});
  const auto& priors = world.time.groups[0];
  // No input pipeline in inference; the kind of a network's work is not told from its intensity.
  for (const auto index :
       {pipeline_cycles, arithmetic_intensity, arithmetic_passes, arithmetic_launch_bytes}) {
    CAPTURE(priors[index].name);
    CHECK(time.groups[0][index].value == Approx(priors[index].prior).epsilon(1e-6));
    CHECK(time.groups[0][index].deviation == Approx(priors[index].spread).epsilon(1e-6));
    CHECK_FALSE(time.groups[0][index].determined(priors[index]));
  }
  CHECK(time.groups[0][launch_cycles].determined(priors[launch_cycles]));
}

TEST_CASE("Where the EMC clock never varied, its power cannot be told from the board's") {
  const World world({"resnet50"}, 7);
  Profiles profiles = profiles_of(world, 80, 0.02, 8);
  const auto memory_deviation = [&] {
    return fit_power(world.power, {}, profiles.observations, profiles.use, {}).board[memory_w].deviation;
  };
  const double varied = memory_deviation();
  for (Observation& observed : profiles.observations) {
    observed.setting.emc_clock = 1;
    observed.power_w = world.power_w(observed.setting, 0);
  }
  const double constant = memory_deviation();
  CHECK(varied < 0.8 * world.power.board[memory_w].spread);
  CHECK(constant > 1.5 * varied);
}

TEST_CASE("Every estimate lies within its bounds, however absurd the profiles") {
  const World world({"resnet50", "lstm"}, 9);
  Profiles profiles = profiles_of(world, 20, 0, 10);
  const double factor = GENERATE(1e-6, 1e6);
  for (Observation& observed : profiles.observations) {
    observed.time_s *= factor;
    observed.power_w *= factor;
  }
  const FitResult time = fit_time(world.time, profiles.observations, {});
  const FitResult power = fit_power(world.power, {}, profiles.observations, profiles.use, {});
  const auto check = [](const std::vector<Parameter>& parameters, const std::vector<Estimate>& estimates) {
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      CAPTURE(parameters[i].name);
      CHECK(estimates[i].value >= parameters[i].low * (1 - 1e-9));
      CHECK(estimates[i].value <= parameters[i].high * (1 + 1e-9));
    }
  };
  check(world.time.board, time.board);
  check(world.power.board, power.board);
  for (std::size_t g = 0; g < 2; ++g) {
    check(world.time.groups[g], time.groups[g]);
    check(world.power.groups[g], power.groups[g]);
  }
}

TEST_CASE("One profile in twenty that is ten times off moves what is predicted by less than a per cent") {
  const World world({"resnet50", "mobilenet_v3_large"}, 11);
  Profiles profiles = profiles_of(world, 100, 0.02, 12);
  const FitResult clean = fit_time(world.time, profiles.observations, {});
  for (std::size_t i = 0; i < profiles.observations.size(); i += 20) profiles.observations[i].time_s *= 10;
  const FitResult dirty = fit_time(world.time, profiles.observations, {});
  // Under a Huber loss an outlier pulls like one of 1.5 deviations: of 2 %, times its share in the data.
  double moved = 0;
  for (const Observation& at : profiles.observations)
    moved += std::abs(predicted_s(dirty, at) / predicted_s(clean, at) - 1);
  CHECK(moved / static_cast<double>(profiles.observations.size()) < 0.01);
  for (const double noise : dirty.noise) CHECK(noise < 0.04);
  CHECK(time_error(world, dirty) < 0.015);
}

TEST_CASE("Each group's noise is its own, and the quiet one is not spoilt by the loud") {
  const World world({"resnet50", "lstm"}, 21);
  Profiles profiles = profiles_of(world, 150, 0.02, 22);
  sim::RandomStream random(23, "loud");
  for (Observation& observed : profiles.observations)
    if (observed.group == 1) observed.time_s *= std::exp(0.15 * random.normal());
  const FitResult time = fit_time(world.time, profiles.observations, {});
  REQUIRE(time.noise.size() == 2);
  // A median's deviation is about 1.17 / sqrt(150) of it, a tenth.
  CHECK(time.noise[0] == Approx(0.022).epsilon(0.3));
  CHECK(time.noise[1] == Approx(0.15).epsilon(0.3));
}

TEST_CASE("One profile is enough to follow it") {
  const World world({"resnet50"}, 13);
  const Profiles one = profiles_of(world, 1, 0, 14);
  const FitResult time = fit_time(world.time, one.observations, {});
  CHECK(time.termination == Termination::converged);
  const Observation& at = one.observations[0];
  const FitResult prior = fit_time(world.time, {}, {});
  CHECK(std::abs(std::log(predicted_s(time, at) / at.time_s)) < 0.05);
  CHECK(std::abs(std::log(predicted_s(prior, at) / at.time_s)) > 0.1);
}

TEST_CASE("Without profiles the fit is the prior and says so") {
  const World world({"resnet50"}, 15);
  const auto check = [](const FitResult& fit, const std::vector<Parameter>& board,
                        const std::vector<Parameter>& group) {
    CHECK(fit.termination == Termination::no_data);
    CHECK(std::string(name_of(fit.termination)) == "no data");
    CHECK(fit.steps.empty());
    for (std::size_t i = 0; i < board.size(); ++i) CHECK(fit.board[i].value == Approx(board[i].prior));
    for (std::size_t i = 0; i < group.size(); ++i) {
      CHECK(fit.groups[0][i].value == Approx(group[i].prior));
      CHECK(fit.groups[0][i].deviation == Approx(group[i].spread));
    }
  };
  check(fit_time(world.time, {}, {}), world.time.board, world.time.groups[0]);
  check(fit_power(world.power, {}, {}, {}, {}), world.power.board, world.power.groups[0]);
  // Nor does a profile without the target.
  Profiles profiles = profiles_of(world, 5, 0, 16);
  for (Observation& observed : profiles.observations) observed.time_s = 0;
  check(fit_time(world.time, profiles.observations, {}), world.time.board, world.time.groups[0]);
}

TEST_CASE("A second meter's gain and offset are found beside the board's own parameters") {
  const World world({"resnet50", "lstm"}, 17);
  Profiles profiles = profiles_of(world, 100, 0.005, 18);
  for (std::size_t i = 0; i < profiles.observations.size(); i += 2) {
    profiles.observations[i].meter = 1;
    profiles.observations[i].power_w = 1.1 * profiles.observations[i].power_w + 3;
  }
  const FitResult power = fit_power(world.power, {meter_priors()}, profiles.observations, profiles.use, {});
  REQUIRE(power.meters.size() == 1);
  CHECK(power.meters[0][meter_gain].value == Approx(1.1).epsilon(0.02));
  CHECK(power.meters[0][meter_offset_w].value == Approx(3).epsilon(0.1));
  CHECK(covers(power.meters[0][meter_gain], std::log(1.1)));
  CHECK(covers(power.meters[0][meter_offset_w], std::log(3)));
}

TEST_CASE("The same fit twice is the same to the bit") {
  const World world({"resnet50", "lstm"}, 19);
  const Profiles profiles = profiles_of(world, 30, 0.03, 20);
  const FitResult one = fit_time(world.time, profiles.observations, {});
  const FitResult two = fit_time(world.time, profiles.observations, {});
  CHECK(one.board_logs() == two.board_logs());
  CHECK(one.group_logs(0) == two.group_logs(0));
  CHECK(one.group_logs(1) == two.group_logs(1));
  CHECK(one.covariance == two.covariance);
  CHECK(one.noise == two.noise);
}

}  // namespace
}  // namespace wattline::devices::calibration
