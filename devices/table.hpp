// The table cost model: what was measured, exactly, at the measured points.
//
// Asking for any other point is an error: nothing is interpolated. Only the total power was measured,
// so there is one rail.
#pragma once

#include <map>
#include <tuple>

#include "devices/cost_model.hpp"
#include "devices/profile.hpp"

namespace wattline::devices {

class TableModel final : public CostModel {
 public:
  // All rows must be of one device. Rows of the same point must agree; the first disagreement or a
  // second device is an error that names the lines. `name` is what messages call the table.
  static Result<TableModel> make(const std::vector<ProfileRow>& rows, std::string name, double idle_power_w);

  const std::vector<std::string>& rails() const override { return rails_; }
  // Whether any mode was measured with it; the message names the nearest workload, or the batches.
  MaybeError check_workload(const std::string& workload, workloads::Role role,
                            std::optional<std::int64_t> batch) const override;
  Result<Cost> minibatch(const std::string& workload, workloads::Role role, std::int64_t batch,
                         const PowerMode& mode) const override;
  Result<RailPowerW> idle_power_w(const PowerMode& mode) const override;

  const std::string& device() const { return device_; }
  // The measured modes, ascending.
  std::vector<PowerMode> modes() const;
  std::size_t size() const { return rows_.size(); }

 private:
  using Key = std::tuple<std::string, workloads::Role, std::int64_t, PowerMode>;

  TableModel() = default;
  std::string name_;
  std::string device_;
  std::vector<std::string> rails_ = {"total"};
  std::map<Key, ProfileRow> rows_;
  double idle_power_w_ = 0;
};

}  // namespace wattline::devices
