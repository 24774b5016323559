// What a minibatch costs: (workload, role, batch, mode) -> time and mean power per rail.
//
// The ground truth of a simulated board. Policies never see it (they see Platform); the optimum, the
// scorer and the simulation do. Implementations: RooflineModel (roofline.hpp), TableModel (table.hpp),
// HybridModel (hybrid.hpp).
// Immutable after construction, so one model may be shared by threads.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "devices/power_mode.hpp"
#include "sim/base/result.hpp"
#include "sim/energy_meter.hpp"
#include "sim/operating_point.hpp"
#include "workloads/dnn.hpp"

namespace wattline::devices {

using RailPowerW = std::array<double, sim::max_rails>;

struct Cost {
  sim::TimeNs time_ns = 0;  // of one minibatch, at least 1
  RailPowerW power_w{};     // mean over the minibatch

  double total_power_w() const;
};

class CostModel {
 public:
  virtual ~CostModel() = default;

  virtual const std::vector<std::string>& rails() const = 0;

  // Errors: the board never runs in the mode, the workload is unknown, the batch is not positive, or nothing
  // is known of this point.
  virtual Result<Cost> minibatch(const std::string& workload, workloads::Role role, std::int64_t batch,
                                 const PowerMode& mode) const = 0;

  // minibatch() at each of the modes, nothing where it is an error. A model that can do better than one
  // after the other does. Precondition: the modes are of one of the board's mode spaces.
  virtual std::vector<std::optional<Cost>> minibatches(const std::string& workload, workloads::Role role,
                                                       std::int64_t batch,
                                                       std::span<const PowerMode> modes) const;

  // Why no mode can run the workload in this role (with `batch`: at this batch), or nothing. To be asked
  // before a simulation; a model that knows only what single modes cost has no objection.
  virtual MaybeError check_workload(const std::string& workload, workloads::Role role,
                                    std::optional<std::int64_t> batch) const;

  // Whether phases() knows more than that a minibatch wants the GPU.
  virtual bool counts_kernels() const { return false; }
  // What the minibatch wants of the GPU from its start to its end, while it executes alone; never empty. An
  // error unless the model counts kernels; else the errors of minibatch().
  virtual Result<std::vector<sim::Phase>> phases(const std::string& workload, workloads::Role role,
                                                 std::int64_t batch, const PowerMode& mode) const;

  // The same board where training finds its data loaded, so that an input pipeline can be simulated beside
  // it: minibatches without the time, the power and the phases of loading. Null where the model cannot tell.
  virtual std::shared_ptr<const CostModel> with_data_loaded() const { return nullptr; }
  // What that pipeline has of the CPU. An error where with_data_loaded() is null.
  virtual Result<sim::LoadingCpu> loading_cpu(const PowerMode& mode) const;

  // Drawn while nothing executes.
  virtual Result<RailPowerW> idle_power_w(const PowerMode& mode) const = 0;
  // Drawn while anything executes on the GPU, whatever it does; on every rail at least idle_power_w(), which
  // it is where the model knows no more.
  virtual Result<RailPowerW> busy_power_w(const PowerMode& mode) const { return idle_power_w(mode); }
};

// To the nearest microwatt, the unit in which the simulation integrates energy.
sim::RailPowerUw to_microwatts(const RailPowerW& power_w);

}  // namespace wattline::devices
