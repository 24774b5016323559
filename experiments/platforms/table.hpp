// A measured table as a policy sees it: exact answers at the measured points, an error elsewhere. A
// profile costs what its minibatches took; nothing is known of switching.
#pragma once

#include "devices/table.hpp"
#include "policies/platform.hpp"

namespace wattline::experiments {

class TablePlatform final : public policies::Platform {
 public:
  // `table` is borrowed. `minibatches` are charged per profile.
  TablePlatform(const devices::TableModel& table, devices::ModeSpace modes, int minibatches)
      : Platform(std::move(modes), {}), table_(table), minibatches_(minibatches) {}

 private:
  Result<policies::Observation> measure(const std::string& workload, workloads::Role role, int batch,
                                        const devices::PowerMode& mode) override;

  const devices::TableModel& table_;
  int minibatches_;
};

// The smallest mode space that holds all modes of the table: the product of the values of each axis.
Result<devices::ModeSpace> mode_space_of(const devices::TableModel& table);

}  // namespace wattline::experiments
