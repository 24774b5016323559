#include "devices/calibration/transfer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace wattline::devices::calibration {

namespace {

// Estimates of a base model become medians; what it knew well stays narrow, but never below a tenth,
// because another board or workload is asked for. `without`: the priors where the base was made, so that
// only how far its data moved them is taken, and what the spec knows of each network stays.
void take_from_base(const ParameterEstimates& base, double least_spread,
                    const std::vector<Parameter>& without, std::vector<Parameter>& priors) {
  for (std::size_t i = 0; i < priors.size() && i < base.estimates.size(); ++i) {
    // A nominal network's bounds are multiples of its own times; the base's are as good.
    priors[i].low = std::min(priors[i].low, base.parameters[i].low);
    priors[i].high = std::max(priors[i].high, base.parameters[i].high);
    const double moved = base.estimates[i].value * (priors[i].prior / without[i].prior);
    priors[i].prior = std::clamp(moved, priors[i].low * 1.0001, priors[i].high * 0.9999);
    priors[i].spread = std::min(std::hypot(base.estimates[i].deviation, least_spread), priors[i].spread);
  }
}

// How far two groups' parameters differ, as a deviation of the logarithm: the same workload's on one board,
// on two boards, and two workloads'.
constexpr double workloads_differ = 0.4;
double groups_differ(bool same_workload, bool same_board) {
  if (!same_workload) return workloads_differ;
  return same_board ? 0.03 : 0.15;
}

bool knows_all_of(const CalibratedModel& base, const Intake& intake) {
  return std::all_of(intake.groups.begin(), intake.groups.end(), [&](const Group& group) {
    const GroupModel* near = nearest_group(base, group);
    return near && near->group.name == group.name;
  });
}

void list_changed(const std::vector<Parameter>& without, const std::vector<Parameter>& with,
                  const TransferredPrior& of, std::vector<TransferredPrior>& list) {
  for (std::size_t i = 0; i < with.size(); ++i) {
    if (with[i].prior == without[i].prior && with[i].spread == without[i].spread) continue;
    list.push_back(of);
    list.back().parameter = with[i];
  }
}

void list_changed(const Intake& intake, const char* target, const ParameterSet& without,
                  const ParameterSet& with, std::vector<TransferredPrior>& list) {
  list_changed(without.board, with.board, {"", workloads::Role::infer, target, {}}, list);
  for (std::size_t g = 0; g < intake.groups.size(); ++g)
    list_changed(without.groups[g], with.groups[g],
                 {intake.groups[g].name, intake.groups[g].role, target, {}}, list);
}

}  // namespace

const GroupModel* nearest_group(const CalibratedModel& base, const Group& group) {
  const GroupModel* nearest = nullptr;
  for (const GroupModel& other : base.groups) {
    if (other.group.role != group.role) continue;
    if (other.group.name == group.name) return &other;
    const bool alike = other.group.source == group.source && other.group.stack.name == group.stack.name;
    if (alike && (!nearest || other.time.points > nearest->time.points)) nearest = &other;
  }
  return nearest;
}

ParameterSet time_priors_of(const DeviceSpec& spec, const Intake& intake, const CalibrationOptions& options) {
  ParameterSet set{board_time_priors(spec), {}, {}};
  const CalibratedModel* base = options.base;
  const bool same_board = base && base->spec.name == spec.name;
  if (same_board) take_from_base(base->board_time, 0.03, set.board, set.board);
  for (std::size_t g = 0; g < intake.groups.size(); ++g) {
    set.groups.push_back(time_priors(spec, intake.groups[g], intake.typical_time_s[g]));
    const GroupModel* near = base ? nearest_group(*base, intake.groups[g]) : nullptr;
    if (!near) continue;
    const bool same = near->group.name == intake.groups[g].name;
    if (!same && intake.groups[g].source == WorkSource::fitted) {
      // A fitted group's nominal work is its own, so only its shape transfers.
      for (const auto shape : {saturation, overlap, core_sharing, host_overlap}) {
        set.groups.back()[shape].prior = near->time.group.estimates[shape].value;
        set.groups.back()[shape].spread = std::min(
            std::hypot(near->time.group.estimates[shape].deviation, 0.4), set.groups.back()[shape].spread);
      }
      continue;
    }
    const auto without =
        same ? set.groups.back() : time_priors(base->spec, near->group, intake.typical_time_s[g]);
    take_from_base(near->time.group, groups_differ(same, same_board), without, set.groups.back());
  }
  return set;
}

ParameterSet power_priors_of(const DeviceSpec& spec, const Intake& intake,
                             const CalibrationOptions& options) {
  ParameterSet set{board_power_priors(spec, intake.power_kind), {}, {}};
  const CalibratedModel* base = options.base;
  const bool same_board = base && base->spec.name == spec.name;
  if (same_board && base->power_kind == intake.power_kind)
    take_from_base(base->board_power, knows_all_of(*base, intake) ? 0.05 : workloads_differ, set.board,
                   set.board);
  for (const Group& group : intake.groups) {
    set.groups.push_back(power_priors(spec, group));
    const GroupModel* near = base ? nearest_group(*base, group) : nullptr;
    const bool same = near && near->group.name == group.name;
    if (!near || (!same && group.source == WorkSource::fitted)) continue;
    const auto without = same ? set.groups.back() : power_priors(base->spec, near->group);
    take_from_base(near->power.group, groups_differ(same, same_board), without, set.groups.back());
  }
  return set;
}

void note_transfer(const DeviceSpec& spec, const Intake& intake, const CalibrationOptions& options,
                   CalibrationReport& report) {
  if (!options.base) return;
  const CalibratedModel& base = *options.base;
  CalibrationOptions alone = options;
  alone.base = nullptr;
  list_changed(intake, "time", time_priors_of(spec, intake, alone), time_priors_of(spec, intake, options),
               report.transferred);
  list_changed(intake, "power", power_priors_of(spec, intake, alone), power_priors_of(spec, intake, options),
               report.transferred);
  if (base.power_kind != intake.power_kind)
    report.notes.push_back(fmt::format("the base model's power is of {}, not of {}: the board's is not taken",
                                       name_of(base.power_kind), name_of(intake.power_kind)));
  for (const Group& group : intake.groups)
    if (!nearest_group(base, group))
      report.notes.push_back(fmt::format("{}: nothing in the base model is like it", group.name));
  if (report.transferred.empty()) report.notes.push_back("nothing of the base model could be taken");
}

}  // namespace wattline::devices::calibration
