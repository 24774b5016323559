#include "devices/calibration/many_modes.hpp"

#include <algorithm>
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

// The residual process over the parts. Row g of `gpu` times row c of `cpu`, summed, is its mean.
class ResidualOverParts {
 public:
  ResidualOverParts(const CalibratedModel& model, const GroupModel& group, const ResidualProcess& process,
                    const Point& point, const Parts& parts) {
    const ResidualPoint here = residual_point(model.spec, group.group, point);
    const Hyperparameters& hyper = process.hyperparameters();
    for (std::size_t i = 0; i < process.points().size(); ++i) {
      const ResidualPoint& known = process.points()[i];
      if (hyper.amplitude[smooth_component] > 0)
        rows_.push_back({&known, smooth_component, process.weights()[i]});
    }
    smooth_ = rows_.size();
    for (std::size_t i = 0; i < process.points().size(); ++i) {
      const ResidualPoint& known = process.points()[i];
      if (hyper.amplitude[same_component] > 0 && known.work == here.work)
        rows_.push_back({&known, same_component, process.weights()[i]});
      ResidualPoint tile = here;
      tile.share = 1;
      tile_ += process.weights()[i] * covariance(hyper, tile_component, tile, known);
    }
    const auto factors_of = [&](const std::vector<PowerMode>& modes, bool gpu_part) {
      Eigen::MatrixXd matrix(static_cast<Eigen::Index>(rows_.size()),
                             static_cast<Eigen::Index>(modes.size()));
      for (std::size_t m = 0; m < modes.size(); ++m)
        matrix.col(static_cast<Eigen::Index>(m)) =
            factors(residual_point(model.spec, group.group, {point.batch, modes[m], point.flop, point.bytes}),
                    hyper, gpu_part);
      return matrix;
    };
    multiply(factors_of(parts.gpu.examples, true), factors_of(parts.cpu.examples, false));
  }

  // `share`: of the work in the whole (residual_process.hpp).
  double mean(std::size_t gpu, std::size_t cpu, double share) const {
    const auto g = static_cast<Eigen::Index>(gpu);
    const auto c = static_cast<Eigen::Index>(cpu);
    return smooth_mean_(g, c) + share * own_mean_(g, c);
  }

 private:
  struct Row {
    const ResidualPoint* known;
    Component component;
    double weight;
  };

  // Every GPU part with every CPU part: a mode space is such a product.
  void multiply(const Eigen::MatrixXd& gpu, const Eigen::MatrixXd& cpu) {
    const auto smooth = static_cast<Eigen::Index>(smooth_);
    const auto own = static_cast<Eigen::Index>(rows_.size()) - smooth;
    smooth_mean_ = gpu.topRows(smooth).transpose() * cpu.topRows(smooth);
    own_mean_ = gpu.bottomRows(own).transpose() * cpu.bottomRows(own);
    own_mean_.array() += tile_;
  }

  // One factor per row: that of the GPU's knobs, with everything that is not of a mode; or of the CPU's.
  Eigen::VectorXd factors(const ResidualPoint& here, const Hyperparameters& hyper, bool gpu_part) {
    Eigen::VectorXd product = Eigen::VectorXd::Ones(static_cast<Eigen::Index>(rows_.size()));
    for (std::size_t f = 0; f < feature_count; ++f) {
      const bool of_cpu = f == cpu_feature || f == cores_feature;
      if (of_cpu == gpu_part) continue;
      auto [at, is_new] = by_value_.try_emplace({f, here.at[f]});
      if (is_new) at->second = factors_of_feature(f, here.at[f], hyper);
      product.array() *= at->second.array();
    }
    for (std::size_t i = 0; gpu_part && i < rows_.size(); ++i) {
      const double amplitude = hyper.amplitude[rows_[i].component];
      const double share = rows_[i].component == smooth_component ? 1 : rows_[i].known->share;
      product[static_cast<Eigen::Index>(i)] *= rows_[i].weight * amplitude * amplitude * share;
    }
    return product;
  }

  Eigen::VectorXd factors_of_feature(std::size_t feature, double value, const Hyperparameters& hyper) const {
    Eigen::VectorXd column(static_cast<Eigen::Index>(rows_.size()));
    for (std::size_t i = 0; i < rows_.size(); ++i)
      column[static_cast<Eigen::Index>(i)] =
          matern(value - rows_[i].known->at[feature], hyper.length[rows_[i].component][feature]);
    return column;
  }

  std::vector<Row> rows_;
  std::size_t smooth_ = 0;
  double tile_ = 0;
  std::map<std::pair<std::size_t, double>, Eigen::VectorXd> by_value_;  // of a feature and its value
  Eigen::MatrixXd smooth_mean_;                                         // GPU part x CPU part
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
