#include "devices/table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "sim/base/text.hpp"

namespace wattline::devices {

namespace {

// Profiles do not say how many SMs were active.
PowerMode without_sms(PowerMode mode) {
  mode.active_sms = 0;
  return mode;
}

std::string described(const std::string& workload, workloads::Role role, std::int64_t batch,
                      const PowerMode& mode) {
  return fmt::format("{} ({}, batch {}) in mode {}", workload, workloads::name_of(role), batch,
                     to_text(mode));
}

}  // namespace

Result<TableModel> TableModel::make(const std::vector<ProfileRow>& rows, std::string name,
                                    double idle_power_w) {
  TableModel table;
  table.name_ = std::move(name);
  table.idle_power_w_ = idle_power_w;
  if (rows.empty())
    return bad_input(fmt::format("{}: no profiles; at least one row is expected", table.name_));
  table.device_ = rows.front().device;
  for (const ProfileRow& row : rows) {
    if (row.device != table.device_) {
      return bad_input(
          fmt::format("{}: line {}: device '{}'; all rows must be of one device, and line {} is of '{}'",
                      table.name_, row.line, row.device, rows.front().line, table.device_));
    }
    const auto [known, is_new] =
        table.rows_.emplace(Key{row.workload, row.role, row.batch, without_sms(row.mode)}, row);
    if (!is_new && (known->second.time_ms != row.time_ms || known->second.power_w != row.power_w)) {
      return bad_input(fmt::format("{}: lines {} and {} disagree on {}", table.name_, known->second.line,
                                   row.line, described(row.workload, row.role, row.batch, row.mode)));
    }
  }
  return table;
}

MaybeError TableModel::check_workload(const std::string& workload, workloads::Role role,
                                      std::optional<std::int64_t> batch) const {
  std::set<std::string> names;
  std::set<std::int64_t> batches;
  for (const auto& [key, row] : rows_) {
    const auto& [name, measured_role, measured_batch, mode] = key;
    if (measured_role != role) continue;
    names.insert(name);
    if (name == workload) batches.insert(measured_batch);
  }
  if (batches.empty()) {
    if (names.empty())
      return bad_input(fmt::format("{}: nothing was measured in role '{}'", name_, workloads::name_of(role)));
    return bad_input(fmt::format(
        "{}: in role '{}', {}", name_, workloads::name_of(role),
        unknown_name_message("workload", workload, std::vector<std::string>(names.begin(), names.end()))));
  }
  if (!batch || batches.contains(*batch)) return std::nullopt;
  return bad_input(fmt::format("{}: {} ({}) was not measured at batch {}, but at {}", name_, workload,
                               workloads::name_of(role), *batch, fmt::join(batches, ", ")));
}

Result<Cost> TableModel::minibatch(const std::string& workload, workloads::Role role, std::int64_t batch,
                                   const PowerMode& mode) const {
  const auto found = rows_.find(Key{workload, role, batch, without_sms(mode)});
  const char* missing = nullptr;
  if (found == rows_.end())
    missing = "was not measured";
  else if (!found->second.time_ms)
    missing = "has no measured time";
  else if (!found->second.power_w)
    missing = "has no measured power";
  if (missing) {
    return bad_input(fmt::format("{}: {} {}; a table answers only what it holds", name_,
                                 described(workload, role, batch, mode), missing));
  }
  Cost cost;
  cost.time_ns = std::max<sim::TimeNs>(1, std::llround(*found->second.time_ms * 1e6));
  cost.power_w[0] = *found->second.power_w;
  return cost;
}

Result<RailPowerW> TableModel::idle_power_w(const PowerMode&) const {
  RailPowerW power_w{};
  power_w[0] = idle_power_w_;
  return power_w;
}

std::vector<PowerMode> TableModel::modes() const {
  std::set<PowerMode> modes;
  for (const auto& [key, row] : rows_) modes.insert(std::get<PowerMode>(key));
  return {modes.begin(), modes.end()};
}

}  // namespace wattline::devices
