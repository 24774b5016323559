#include "devices/calibration/many_modes.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <tuple>

namespace wattline::devices::calibration {

namespace {

// Numbers the distinct values of a part of the modes, in order of appearance.
struct Numbered {
  std::vector<std::size_t> of_mode;  // index of its part, per mode
  std::vector<PowerMode> examples;   // a mode with that part

  template <class KeyOf>
  Numbered(std::span<const PowerMode> modes, KeyOf key_of) {
    using Key = decltype(key_of(modes[0]));
    std::map<Key, std::size_t> known;
    of_mode.reserve(modes.size());
    for (std::size_t i = 0; i < modes.size(); ++i) {
      // Modes mostly come in the order of a mode space, where the next one's part is this one's or the
      // one that followed it the last time.
      const Key key = key_of(modes[i]);
      const std::size_t guess =
          i == 0 ? 0 : (of_mode[i - 1] + (key == key_of(modes[i - 1]) ? 0 : 1)) % examples.size();
      if (i > 0 && key_of(examples[guess]) == key) {
        of_mode.push_back(guess);
        continue;
      }
      const auto [at, is_new] = known.try_emplace(key, examples.size());
      if (is_new) examples.push_back(modes[i]);
      of_mode.push_back(at->second);
    }
  }
};

using GpuKey = std::tuple<std::int32_t, std::int32_t, std::int32_t>;
using CpuKey = std::tuple<std::int32_t, std::int32_t>;

struct Parts {
  Numbered gpu;
  Numbered cpu;

  explicit Parts(std::span<const PowerMode> modes)
      : gpu(modes,
            [](const PowerMode& m) {
              return GpuKey{m.gpu_khz, m.emc_khz, m.active_sms};
            }),
        cpu(modes, [](const PowerMode& m) {
          return CpuKey{m.cores, m.cpu_khz};
        }) {}
};

// The distinct values of a list, ascending, and which of them each is.
struct Ranked {
  std::vector<double> distinct;
  std::vector<Eigen::Index> rank;

  explicit Ranked(const std::vector<double>& values) : distinct(values) {
    std::sort(distinct.begin(), distinct.end());
    distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
    for (const double value : values)
      rank.push_back(std::lower_bound(distinct.begin(), distinct.end(), value) - distinct.begin());
  }
};

// The residual process over the parts. Its mean is a sum over profiles of products of one factor for the
// knobs of the GPU's side and one for the CPU's. Profiles that share the GPU's side are added up first, so
// that the product of every GPU part with every CPU part grows with the number of clocks in the profiles
// instead of with their number.
class ResidualOverParts {
 public:
  ResidualOverParts(const CalibratedModel& model, const GroupModel& group, const ResidualProcess& process,
                    const Point& point, const Parts& parts)
      : process_(process) {
    const auto at_part = [&](const PowerMode& mode) {
      return residual_point(model.spec, group.group, {point.batch, mode, point.flop, point.bytes});
    };
    for (const PowerMode& mode : parts.gpu.examples) gpu_.push_back(at_part(mode));
    for (const PowerMode& mode : parts.cpu.examples) cpu_.push_back(at_part(mode));
    const ResidualPoint here = residual_point(model.spec, group.group, point);
    smooth_mean_ = mean_over_parts(smooth_component, here);
    own_mean_ = mean_over_parts(same_component, here);
    double tile = 0;
    ResidualPoint of_tile = here;
    of_tile.share = 1;
    for (std::size_t i = 0; i < process.points().size(); ++i)
      tile += process.weights()[i] *
              covariance(process.hyperparameters(), tile_component, of_tile, process.points()[i]);
    own_mean_.array() += tile;
  }

  // `share`: of the work in the whole (residual_process.hpp).
  double mean(std::size_t gpu, std::size_t cpu, double share) const {
    const auto g = static_cast<Eigen::Index>(gpu);
    const auto c = static_cast<Eigen::Index>(cpu);
    return smooth_mean_(g, c) + share * own_mean_(g, c);
  }

 private:
  using Side = std::array<Feature, 3>;
  static constexpr Side gpu_side = {gpu_feature, emc_feature, sms_feature};
  static constexpr std::array<Feature, 2> cpu_side = {cpu_feature, cores_feature};

  // Of a component: GPU part x CPU part.
  Eigen::MatrixXd mean_over_parts(Component component, const ResidualPoint& here) const {
    Eigen::MatrixXd mean =
        Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(gpu_.size()), static_cast<Eigen::Index>(cpu_.size()));
    const double amplitude = process_.hyperparameters().amplitude[component];
    if (amplitude <= 0) return mean;
    std::map<std::array<double, gpu_side.size()>, std::size_t> known_gpu;
    std::map<std::array<double, cpu_side.size()>, std::size_t> known_cpu;
    struct Term {
      std::size_t gpu, cpu;
      double weight;
    };
    std::vector<Term> terms;
    for (std::size_t i = 0; i < process_.points().size(); ++i) {
      const ResidualPoint& known = process_.points()[i];
      if (component == same_component && known.work != here.work) continue;
      const double share = component == smooth_component ? 1 : known.share;
      const auto gpu = known_gpu.try_emplace(values_of(known, gpu_side), known_gpu.size()).first->second;
      const auto cpu = known_cpu.try_emplace(values_of(known, cpu_side), known_cpu.size()).first->second;
      terms.push_back(
          {gpu, cpu,
           process_.weights()[i] * amplitude * amplitude * share * of_work(component, here, known)});
    }
    if (terms.empty()) return mean;
    const Eigen::MatrixXd on_gpu = factors(component, gpu_, gpu_side, known_gpu);
    const Eigen::MatrixXd on_cpu = factors(component, cpu_, cpu_side, known_cpu);
    Eigen::MatrixXd summed =
        Eigen::MatrixXd::Zero(on_cpu.rows(), on_gpu.cols());  // CPU part x GPU's side known
    for (const Term& term : terms)
      summed.col(static_cast<Eigen::Index>(term.gpu)) +=
          term.weight * on_cpu.col(static_cast<Eigen::Index>(term.cpu));
    return on_gpu * summed.transpose();
  }

  template <std::size_t count>
  static std::array<double, count> values_of(const ResidualPoint& point,
                                             const std::array<Feature, count>& side) {
    std::array<double, count> values;
    for (std::size_t f = 0; f < count; ++f) values[f] = point.at[side[f]];
    return values;
  }

  // What is not of a mode.
  double of_work(Component component, const ResidualPoint& here, const ResidualPoint& known) const {
    const auto& lengths = process_.hyperparameters().length[component];
    double product = 1;
    for (const Feature feature : {work_feature, intensity_feature, alignment_feature})
      product *= matern(here.at[feature] - known.at[feature], lengths[feature]);
    return product;
  }

  // Part x known values of one side.
  template <std::size_t count>
  Eigen::MatrixXd factors(Component component, const std::vector<ResidualPoint>& parts,
                          const std::array<Feature, count>& side,
                          const std::map<std::array<double, count>, std::size_t>& known) const {
    const auto& lengths = process_.hyperparameters().length[component];
    Eigen::MatrixXd matrix = Eigen::MatrixXd::Ones(static_cast<Eigen::Index>(parts.size()),
                                                   static_cast<Eigen::Index>(known.size()));
    for (std::size_t f = 0; f < count; ++f) {
      // Many parts have the same clock.
      std::vector<double> here;
      std::vector<double> there;
      for (const ResidualPoint& part : parts) here.push_back(part.at[side[f]]);
      for (const auto& [values, column] : known) there.push_back(values[f]);
      const Ranked ranked_here(here);
      const Ranked ranked_there(there);
      Eigen::MatrixXd of_values(ranked_here.distinct.size(), ranked_there.distinct.size());
      for (Eigen::Index a = 0; a < of_values.rows(); ++a)
        for (Eigen::Index b = 0; b < of_values.cols(); ++b)
          of_values(a, b) = matern(ranked_here.distinct[static_cast<std::size_t>(a)] -
                                       ranked_there.distinct[static_cast<std::size_t>(b)],
                                   lengths[side[f]]);
      std::size_t at = 0;
      for (const auto& [values, column] : known) {
        const double* table = of_values.col(ranked_there.rank[at++]).data();
        double* factors = matrix.col(static_cast<Eigen::Index>(column)).data();
        for (std::size_t part = 0; part < parts.size(); ++part)
          factors[part] *= table[ranked_here.rank[part]];
      }
    }
    return matrix;
  }

  const ResidualProcess& process_;
  std::vector<ResidualPoint> gpu_;
  std::vector<ResidualPoint> cpu_;
  Eigen::MatrixXd smooth_mean_;  // GPU part x CPU part
  Eigen::MatrixXd own_mean_;
};

// What the law needs of a GPU part and of a CPU part.
struct GpuPart {
  double gpu_s, log_hideable, leakage_w, clock_w, flop_j, memory_w, byte_j, static_w;
};
struct CpuPart {
  double log_host, launch_s, waiting_w, launching_w, static_w;
};

}  // namespace

std::vector<CostPrediction> predict_values(const CalibratedModel& model, const GroupModel& group,
                                           const Point& point, std::span<const PowerMode> modes) {
  const Parts parts(modes);
  const ResidualOverParts time_residual(model, group, group.time.residual, point, parts);
  const ResidualOverParts power_residual(model, group, group.power.residual, point, parts);
  const auto board_time = logs(model.board_time);
  const auto group_time = logs(group.time.group);
  const auto board = logs(model.board_power);
  const auto group_power = logs(group.power.group);
  const auto setting = [&](const PowerMode& mode) {
    return setting_of(model.spec, group.group, {point.batch, mode, point.flop, point.bytes});
  };
  const double gap = std::exp(group_power[gpu_gap]);
  const double q = 1 + std::exp(group_time[host_overlap]);
  const double fixed = std::exp(group_time[fixed_s]);
  const double own_board_w = std::exp(board[board_w]);
  double concentration = 0;

  std::vector<GpuPart> gpu;
  for (const PowerMode& mode : parts.gpu.examples) {
    const Setting at = setting(mode);
    concentration = at.concentration;
    const double v2 = law::gpu_voltage_squared(board.data(), at.gpu_clock);
    constexpr double joules_per_pj = 1e-12;
    GpuPart part{};
    part.gpu_s = law::gpu_s(board_time.data(), group_time.data(), at);
    part.log_hideable = std::log(part.gpu_s) + std::log1p(-std::min(at.concentration, 0.999));
    part.leakage_w = at.sm_share * v2 * std::exp(board[gpu_leakage_w]);
    part.clock_w = at.sm_share * v2 * std::exp(board[gpu_clock_w]) * at.gpu_clock;
    part.flop_j =
        std::exp(board[energy_per_flop_pj] + group_power[flop_energy]) * v2 * joules_per_pj * at.flop;
    part.memory_w = std::exp(board[memory_w]) * at.emc_clock;
    part.byte_j = std::exp(board[energy_per_byte_pj] + group_power[byte_energy]) * joules_per_pj * at.bytes;
    part.static_w = own_board_w + part.memory_w + part.leakage_w;
    gpu.push_back(part);
  }
  std::vector<CpuPart> cpu;
  for (const PowerMode& mode : parts.cpu.examples) {
    const Setting at = setting(mode);
    CpuPart part{};
    part.launch_s = law::launch_s(group_time.data(), at);
    part.log_host = std::log(part.launch_s);
    if (at.pipeline_samples > 0)
      part.log_host = law::log_p_norm(part.log_host, std::log(law::pipeline_s(group_time.data(), at)), q);
    const auto cpu_w = [&](double launching) {
      return law::domain_power_w(board.data(), group_power.data(), 1.0, {0, launching}, at)[1];
    };
    part.waiting_w = cpu_w(0);
    part.launching_w = cpu_w(1);
    part.static_w = at.cpu_voltage_squared * std::exp(board[cpu_leakage_w]) * at.cores;
    cpu.push_back(part);
  }

  std::vector<CostPrediction> costs(modes.size());
  for (std::size_t i = 0; i < modes.size(); ++i) {
    const std::size_t g = parts.gpu.of_mode[i];
    const std::size_t c = parts.cpu.of_mode[i];
    const GpuPart& on_gpu = gpu[g];
    const CpuPart& on_cpu = cpu[c];
    CostPrediction& cost = costs[i];
    const double law_s = std::exp(law::log_p_norm(on_gpu.log_hideable, on_cpu.log_host, q)) +
                         concentration * on_gpu.gpu_s + fixed;
    const double time_s = law_s * std::exp(time_residual.mean(g, c, 1));
    const double drawn = gap + (1 - gap) * std::min(1.0, on_gpu.gpu_s / time_s);
    cost.time_s.value = time_s;
    const double launching = std::min(1.0, on_cpu.launch_s / time_s);
    cost.domain_w = {on_gpu.leakage_w + on_gpu.clock_w * drawn + on_gpu.flop_j / time_s,
                     on_cpu.waiting_w + (on_cpu.launching_w - on_cpu.waiting_w) * launching,
                     on_gpu.memory_w + on_gpu.byte_j / time_s, own_board_w};
    const double law_w = cost.domain_w[0] + cost.domain_w[1] + cost.domain_w[2] + cost.domain_w[3];
    const double share = 1 - (on_gpu.static_w + on_cpu.static_w) / law_w;
    const double factor = std::exp(power_residual.mean(g, c, share));
    for (double& domain : cost.domain_w) domain *= factor;
    cost.power_w.value = law_w * factor;
  }
  return costs;
}

}  // namespace wattline::devices::calibration
