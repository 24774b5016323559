// The simulated board as a policy sees it: profiles are noisy, take time, and change the mode.
//
// Noise belongs to the point, not to the order of profiles or to the policy: two policies that profile
// the same point under the same seed see the same (common random numbers). With a sensor, power is what the
// board's own says (sensed_profile.hpp), which depends on the mode that the board was in before as well; what
// a profile costs stays the truth.
#pragma once

#include <optional>

#include "devices/cost_model.hpp"
#include "devices/device_spec.hpp"
#include "experiments/platforms/sensed_profile.hpp"
#include "policies/platform.hpp"

namespace wattline::experiments {

struct ProfilingOptions {
  int minibatches = 40;         // measured per profile (PowerTrain's protocol). Range 1 .. 100,000
  double settle_s = 2.5;        // of work that is discarded after a mode switch. Range 0 .. 3,600
  double mode_switch_s = 0.05;  // Range 0 .. 3,600
  double reboot_s = 120;        // when the number of active SMs changes. Range 0 .. 86,400
  double time_noise = 0;   // relative standard deviation of one minibatch's time (lognormal). Range 0 .. 1
  double power_noise = 0;  // relative standard deviation of a profile's power (normal). Range 0 .. 1
  std::optional<SensedProfiling> sensor;  // nothing: power is the true mean
  std::uint64_t seed = 1;
};

class SimulatedPlatform final : public policies::Platform {
 public:
  // `truth` is borrowed. The board starts in the space's top mode.
  SimulatedPlatform(const devices::CostModel& truth, devices::ModeSpace modes,
                    std::vector<devices::Preset> presets, const ProfilingOptions& options);

 private:
  Result<policies::Observation> measure(const std::string& workload, workloads::Role role, int batch,
                                        const devices::PowerMode& mode) override;
  // `running_s`: settling and minibatches, of which the last `counted_s` are the minibatches.
  Result<double> sensed_power_w(const devices::PowerMode& mode, const devices::Cost& cost,
                                const devices::RailPowerW& idle_w, double running_s, double counted_s) const;

  const devices::CostModel& truth_;
  ProfilingOptions options_;
  devices::PowerMode current_;
};

}  // namespace wattline::experiments
