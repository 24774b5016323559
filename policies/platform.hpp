// Platform: all that a policy may know of the world. It can look at the mode space and profile
// points, and every profile costs time and energy. The ground truth is behind it and out of reach.
//
// Implementations: simulated and table (experiments/platforms). One session serves one policy on one
// problem after the other; not thread-safe.
#pragma once

#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "devices/device_spec.hpp"
#include "policies/problem.hpp"

namespace wattline::policies {

// What a profile showed, and what it cost.
struct Observation {
  Measured minibatch;            // mean time and mean power as the instruments saw them
  int samples = 0;               // minibatches measured
  sim::TimeNs cost_time_ns = 0;  // switching, settling and the minibatches
  double cost_energy_j = 0;
  bool charged = true;  // false: answered from the session's memory, and free
};

// What a session has paid so far.
struct Spent {
  int profiles = 0;         // charged calls of profile()
  int modes = 0;            // distinct modes among them
  sim::TimeNs time_ns = 0;  // at most sim::longest_time_ns
  double energy_j = 0;
};

class Platform {
 public:
  Platform(devices::ModeSpace modes, std::vector<devices::Preset> presets)
      : modes_(std::move(modes)), presets_(std::move(presets)) {}
  virtual ~Platform() = default;
  Platform(const Platform&) = delete;
  Platform& operator=(const Platform&) = delete;

  const devices::ModeSpace& modes() const { return modes_; }
  const std::vector<devices::Preset>& presets() const { return presets_; }

  // Runs `workload` in `mode` for a number of minibatches. A point that this session has profiled
  // before is answered from memory and not charged. Errors: an unknown workload, a mode that the
  // device does not have, a point that a table does not hold, instruments that show what cannot be (no time,
  // a power that is negative or no number), minibatches that take more than 1e6 s in all; such a profile is
  // not remembered.
  Result<Observation> profile(const std::string& workload, workloads::Role role, int batch,
                              const devices::PowerMode& mode);

  const Spent& spent() const { return spent_; }

 private:
  // One profile that is not in memory.
  virtual Result<Observation> measure(const std::string& workload, workloads::Role role, int batch,
                                      const devices::PowerMode& mode) = 0;

  using Point = std::tuple<std::string, workloads::Role, int, devices::PowerMode>;

  devices::ModeSpace modes_;
  std::vector<devices::Preset> presets_;
  std::map<Point, Observation> memory_;
  std::set<devices::PowerMode> profiled_modes_;
  Spent spent_;
};

}  // namespace wattline::policies
