#include "devices/calibration/intake.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "sim/base/median.hpp"
#include "sim/base/text.hpp"
#include "workloads/catalog.hpp"
#include "workloads/workload_name.hpp"

namespace wattline::devices::calibration {

namespace {

Error at_line(const std::string& name, const ProfileRow& row, const std::string& message) {
  return bad_input(fmt::format("{}: line {}: {}", name, row.line, message));
}

// A clock that the board cannot have, with the unit that the value looks like. Firmware differs, so any
// value between the tables' ends counts; off-grid ones are accepted.
MaybeError check_clock(const std::string& name, const ProfileRow& row, const char* column, std::int64_t value,
                       std::int64_t top) {
  constexpr std::int64_t lowest_khz = 30'000;  // below the lowest clock of any Jetson
  if (value >= lowest_khz && static_cast<double>(value) <= 1.02 * static_cast<double>(top)) return {};
  const auto plausible = [&](std::int64_t khz) { return khz >= lowest_khz && khz <= top + top / 50; };
  std::string hint;
  if (value > top && plausible(value / 1000)) hint = "; this looks like Hz, kHz is expected";
  if (value < lowest_khz && plausible(value * 1000)) hint = "; this looks like MHz, kHz is expected";
  return at_line(name, row,
                 fmt::format("{}: {} is not accepted; {} to {} kHz is expected{}", column, value, lowest_khz,
                             top, hint));
}

// Which kind the model predicts, and which others need a meter's gain and offset.
MaybeError choose_power_kinds(const std::vector<ProfileRow>& rows, const std::string& name,
                              const CalibrationOptions& options, Intake& intake) {
  std::map<PowerKind, std::pair<std::int64_t, std::size_t>> seen;  // rows, first line
  bool unstated = false;
  for (const ProfileRow& row : rows) {
    if (!row.power_w) continue;
    unstated = unstated || row.power_kind == PowerKind::unstated;
    auto& [count, line] = seen[power_kind_of(row, options)];
    if (count++ == 0) line = row.line;
  }
  if (unstated && options.power_kind == PowerKind::unstated)
    intake.notes.push_back("power_kind is not stated; the power is taken as the sum of the module's rails");
  intake.power_kind =
      options.power_kind != PowerKind::unstated ? options.power_kind : PowerKind::module_rails;
  if (seen.empty()) return {};
  if (options.power_kind == PowerKind::unstated) {
    intake.power_kind = std::max_element(seen.begin(), seen.end(), [](const auto& a, const auto& b) {
                          return a.second.first < b.second.first;
                        })->first;
  }
  std::vector<std::string> found;
  for (const auto& [kind, where] : seen) {
    found.push_back(fmt::format("{} (from line {})", name_of(kind), where.second));
    if (kind != intake.power_kind) intake.other_kinds.push_back(kind);
  }
  if (!intake.other_kinds.empty() && !options.fit_power_offset) {
    return bad_input(
        fmt::format("{}: power_kind: {} cannot be mixed, or be taken for '{}'; fit an offset between them "
                    "(--fit-power-offset) or calibrate each alone",
                    name, joined(found), name_of(intake.power_kind)));
  }
  return {};
}

// Sorts rows into groups.
class Sorter {
 public:
  Sorter(const DeviceSpec& spec, const std::vector<ProfileRow>& rows, const std::string& name,
         const CalibrationOptions& options)
      : spec_(spec), rows_(rows), name_(name), options_(options) {}

  Result<std::size_t> group_of(const ProfileRow& row, Intake& intake) {
    const bool counted = row.flop && row.bytes;
    const auto key = std::tuple{row.workload, row.role, counted};
    if (const auto found = by_name_.find(key); found != by_name_.end()) return found->second;
    auto group = known_group(spec_, row.workload, row.role, counted);
    if (!group && may_be_fitted(row)) group = fitted(row);
    if (!group) return refused(row, group.error());
    const auto same = std::find_if(intake.groups.begin(), intake.groups.end(), [&](const Group& other) {
      return other.name == group->name && other.role == group->role;
    });
    const auto index = static_cast<std::size_t>(same - intake.groups.begin());
    if (same == intake.groups.end()) {
      if (!group->stack_known) note_stand_in(group->stack, intake);
      intake.groups.push_back(*std::move(group));
    }
    by_name_.emplace(key, index);
    return index;
  }

 private:
  bool may_be_fitted(const ProfileRow& row) const {
    const auto name = workloads::parse_workload_name(row.workload);
    if (!name || workloads::find_dnn(name->network)) return false;
    const auto& list = options_.fit_work;
    return options_.fit_any_work || std::find(list.begin(), list.end(), name->network) != list.end();
  }

  Result<Group> fitted(const ProfileRow& row) const {
    const auto stack = known_group(spec_, row.workload, row.role, true);  // the stack may be a slip
    if (!stack) return stack.error();
    std::vector<ProfileRow> own;
    for (const ProfileRow& other : rows_)
      if (other.workload == row.workload && other.role == row.role) own.push_back(other);
    if (std::none_of(own.begin(), own.end(), [](const ProfileRow& r) { return r.time_ms.has_value(); }))
      return bad_input(
          fmt::format("no time of '{}' was measured, so its work cannot be fitted", row.workload));
    return fitted_group(spec_, row.workload, row.role, own);
  }

  Error refused(const ProfileRow& row, const Error& error) const {
    const std::string network = row.workload.substr(0, row.workload.find('@'));
    // What is wrong with a network that is known or is to be fitted, or with no name at all, is something
    // else.
    if (workloads::find_dnn(network) || may_be_fitted(row) || !workloads::parse_workload_name(row.workload))
      return at_line(name_, row, fmt::format("workload: {}", error.message));
    return at_line(name_, row,
                   fmt::format("workload: {}; a network of your own needs the columns flop and bytes, or "
                               "--fit-work {}",
                               error.message, network));
  }

  static void note_stand_in(const SoftwareStack& stack, Intake& intake) {
    const std::string note = fmt::format(
        "software stack '{}' is not one of the board's: launch cost and efficiency start "
        "from its default stack, in {}",
        stack.name, name_of(stack.precision));
    if (std::find(intake.notes.begin(), intake.notes.end(), note) == intake.notes.end())
      intake.notes.push_back(note);
  }

  const DeviceSpec& spec_;
  const std::vector<ProfileRow>& rows_;
  const std::string& name_;
  const CalibrationOptions& options_;
  std::map<std::tuple<std::string, workloads::Role, bool>, std::size_t> by_name_;
};

double spread_of(const std::vector<double>& values) {
  if (values.size() < 2) return 0;
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return *high / *low - 1;
}

// Numbers equal points alike, and lists those whose measurements differ.
void find_disagreements(const DeviceSpec& spec, const std::vector<ProfileRow>& rows, Intake& intake) {
  using Key = std::tuple<std::string, workloads::Role, std::int64_t, PowerMode, double, double>;
  std::map<Key, std::vector<std::size_t>> same;
  std::map<std::size_t, PowerKind> kind_of_row;
  for (IntakePoint& point : intake.points) {
    const ProfileRow& row = rows[point.row];
    PowerMode mode = row.mode;
    if (mode.active_sms <= 0) mode.active_sms = spec.gpu.sms;
    // What a row counts tells points apart only where it is the work that is calibrated with.
    const bool counted = intake.groups[point.group].source == WorkSource::counted;
    auto& members = same[{full_name(spec, row.workload), row.role, row.batch, mode,
                          counted ? row.flop.value_or(0) : 0, counted ? row.bytes.value_or(0) : 0}];
    point.key = members.empty() ? point.row : members.front();
    members.push_back(point.row);
    kind_of_row[point.row] = point.power_kind;
  }
  constexpr double worth_telling = 0.02;
  for (const auto& [key, members] : same) {
    if (members.size() < 2) continue;
    Disagreement found;
    std::vector<double> times;
    std::map<PowerKind, std::vector<double>> powers;
    for (const std::size_t i : members) {
      found.lines.push_back(rows[i].line);
      if (rows[i].time_ms) times.push_back(*rows[i].time_ms);
      if (rows[i].power_w) powers[kind_of_row[i]].push_back(*rows[i].power_w);
    }
    found.workload = rows[members.front()].workload;
    found.time_spread = spread_of(times);
    for (const auto& [kind, list] : powers)
      found.power_spread = std::max(found.power_spread, spread_of(list));
    if (std::max(found.time_spread, found.power_spread) > worth_telling)
      intake.disagreements.push_back(std::move(found));
  }
  std::sort(intake.disagreements.begin(), intake.disagreements.end(),
            [](const Disagreement& a, const Disagreement& b) { return a.lines < b.lines; });
}

// No GPU is faster than its peak. FP32 counts as TF32, which frameworks take for it, with eight times the
// rate.
MaybeError check_possible(const DeviceSpec& spec, const Group& group, const ProfileRow& row,
                          const std::string& name) {
  if (!row.time_ms || group.source == WorkSource::fitted) return {};
  const Setting at = setting_of(spec, group, {row.batch, row.mode, row.flop, row.bytes});
  constexpr double tensor_speedup = 8;
  const double least_ms = at.flop / (tensor_speedup * at.peak_flop_per_s) * 1e3;
  if (*row.time_ms >= least_ms) return {};
  return at_line(
      name, row,
      fmt::format("time_ms: {} is not possible: {:.3g} FLOP take at least {:.3g} ms at this clock; is the "
                  "time in another unit?",
                  shortest(*row.time_ms), at.flop, least_ms));
}

void find_typical_times(const std::vector<ProfileRow>& rows, Intake& intake) {
  std::vector<std::vector<double>> times(intake.groups.size());
  for (const IntakePoint& point : intake.points)
    if (rows[point.row].time_ms) times[point.group].push_back(*rows[point.row].time_ms * 1e-3);
  for (const auto& list : times) intake.typical_time_s.push_back(list.empty() ? 0 : median(list));
}

}  // namespace

PowerKind power_kind_of(const ProfileRow& row, const CalibrationOptions& options) {
  if (row.power_kind != PowerKind::unstated) return row.power_kind;
  return options.power_kind != PowerKind::unstated ? options.power_kind : PowerKind::module_rails;
}

MaybeError check_profile(const DeviceSpec& spec, const std::string& name, const ProfileRow& row) {
  const bool known = row.device == spec.name ||
                     std::find(spec.aliases.begin(), spec.aliases.end(), row.device) != spec.aliases.end();
  if (!known) {
    return at_line(
        name, row,
        fmt::format("device: '{}' is another board; profiles of '{}' are expected", row.device, spec.name));
  }
  if (row.mode.cores < 1 || row.mode.cores > spec.cpu.cores) {
    return at_line(
        name, row,
        fmt::format("cores: {} is not accepted; 1 to {} is expected", row.mode.cores, spec.cpu.cores));
  }
  if (row.mode.active_sms > spec.gpu.sms) {
    return at_line(name, row,
                   fmt::format("active_sms: {} is not accepted; 1 to {} is expected", row.mode.active_sms,
                               spec.gpu.sms));
  }
  if (auto error = check_clock(name, row, "cpu_khz", row.mode.cpu_khz, spec.max_cpu_khz())) return error;
  if (auto error = check_clock(name, row, "gpu_khz", row.mode.gpu_khz, spec.max_gpu_khz())) return error;
  return check_clock(name, row, "emc_khz", row.mode.emc_khz, spec.max_emc_khz());
}

Result<Intake> take_in(const DeviceSpec& spec, const std::vector<ProfileRow>& rows, const std::string& name,
                       const CalibrationOptions& options) {
  Intake intake;
  if (rows.empty()) return bad_input(fmt::format("{}: no profile; at least one row is expected", name));
  for (const ProfileRow& row : rows)
    if (auto error = check_profile(spec, name, row)) return *error;
  if (auto error = choose_power_kinds(rows, name, options, intake)) return *error;
  Sorter sorter(spec, rows, name, options);
  std::size_t left_out = 0;
  std::size_t first_left_out = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const ProfileRow& row = rows[i];
    if (!row.time_ms && !row.power_w) {
      if (++left_out == 1) first_left_out = row.line;
      continue;
    }
    const auto group = sorter.group_of(row, intake);
    if (!group) return group.error();
    if (auto error = check_possible(spec, intake.groups[*group], row, name)) return *error;
    Point point{row.batch, row.mode, row.flop, row.bytes};
    intake.points.push_back({i, *group, i, point, power_kind_of(row, options)});
  }
  if (intake.points.empty()) return bad_input(fmt::format("{}: no row has a time or a power", name));
  if (left_out > 0) {
    intake.notes.push_back(
        fmt::format("{} rows have neither time nor power and are left out; the first is line {}", left_out,
                    first_left_out));
  }
  find_disagreements(spec, rows, intake);
  find_typical_times(rows, intake);
  return intake;
}

}  // namespace wattline::devices::calibration
