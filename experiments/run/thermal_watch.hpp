// The board's heat during a run: throttles what executes, and may shut the device down.
//
// At each look the thermal model is told what the board drew, and says at which clocks the board goes on. The
// costs there are the board's cost model's; the pulses of over-current slow down everything alike, power
// included.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <vector>

#include "devices/clock_limits.hpp"
#include "devices/thermal/clock_caps.hpp"
#include "devices/thermal/supervisor.hpp"
#include "sim/supervisor.hpp"

namespace wattline::experiments {

// Of one interval: means over it, and the state in force in its last period. What the look at its end led to
// is in force in the next interval.
struct ThermalRow {
  sim::TimeNs end_ns = 0;
  double temperature_c = 0;  // mean of those at the looks, and at the end
  double power_w = 0;        // mean
  double fan_pwm = 0;
  std::int32_t software_level = 0;
  bool hardware_throttled = false;
  double over_current_share = 0;  // mean
  devices::PowerMode mode;
};

struct ThermalRecord {
  devices::ThermalTotals totals;
  std::vector<ThermalRow> rows;
};

class ThermalWatch final : public sim::Supervisor {
 public:
  // The point of the board's costs at another mode than `configured` stands for; borrowed until the run ends.
  using PointAt = std::function<Result<sim::OperatingPoint*>(sim::OperatingPoint& configured,
                                                             const devices::PowerMode& mode)>;
  // The mode that `configured` stands for.
  using ModeOf = std::function<devices::PowerMode(sim::OperatingPoint& configured)>;

  ThermalWatch(devices::ThermalSupervisor model, const std::vector<devices::ClockTable>& tables,
               ModeOf mode_of, PointAt point_at)
      : model_(std::move(model)),
        tables_(tables),
        mode_of_(std::move(mode_of)),
        point_at_(std::move(point_at)) {}

  sim::TimeNs period_ns() const override { return model_.period_ns(); }
  bool look(sim::TimeNs now_ns, const sim::RailEnergyFj& drawn_fj) override;
  sim::OperatingPoint& in_force(sim::OperatingPoint& configured) override;

  // The costs at a throttled mode are not known: the run was shut down for it.
  const MaybeError& error() const { return error_; }
  // A row each second, and one of what is left at the end; of a long run, each so many seconds that at most
  // `most_rows` are kept.
  static constexpr std::size_t most_rows = 10'000;
  // The run ended, having drawn `energy`. To be called once; no look comes after.
  ThermalRecord finish(sim::TimeNs end_ns, const sim::EnergyMeter& energy);

 private:
  // Costs at a share of the speed, and of the power.
  struct PacedPoint final : sim::OperatingPoint {
    sim::MinibatchCost minibatch(sim::Tenant tenant) override { return paced(of->minibatch(tenant)); }
    sim::MinibatchCost expected(sim::Tenant tenant) override { return paced(of->expected(tenant)); }
    sim::Phases phases(sim::Tenant tenant) override { return of->phases(tenant); }
    sim::RailPowerUw idle_power_uw() const override { return paced(of->idle_power_uw()); }
    sim::LoadingCpu loading_cpu() const override {
      const sim::LoadingCpu cpu = of->loading_cpu();
      return {cpu.cores, cpu.cycles_per_s * pace, paced(cpu.core_uw)};
    }
    sim::RailPowerUw busy_power_uw() const override { return paced(of->busy_power_uw()); }
    sim::MinibatchCost paced(const sim::MinibatchCost& cost) const;
    sim::RailPowerUw paced(const sim::RailPowerUw& power_uw) const;
    sim::OperatingPoint* of = nullptr;
    double pace = 1;
  };
  void add(const devices::ThermalVerdict& held, double power_w, double periods);
  void close_row(sim::TimeNs end_ns);
  void halve_rows();

  devices::ThermalSupervisor model_;
  const std::vector<devices::ClockTable>& tables_;
  ModeOf mode_of_;
  PointAt point_at_;
  std::array<PacedPoint, 2> paced_;  // the one in force, and the one before
  std::size_t present_ = 0;
  devices::PowerMode mode_;    // in force
  sim::TimeNs looked_ns_ = 0;  // when it looked last
  sim::Int128 looked_fj_ = 0;  // drawn by then
  ThermalRow open_;            // of the interval that is open: for means the sums, weighted by periods
  double periods_ = 0;         // of that interval so far
  sim::TimeNs row_ns_ = sim::ns_per_s;
  std::vector<ThermalRow> rows_;
  MaybeError error_;
};

}  // namespace wattline::experiments
