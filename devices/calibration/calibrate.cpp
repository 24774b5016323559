#include "devices/calibration/calibrate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "devices/calibration/fit_model.hpp"
#include "devices/calibration/held_out.hpp"
#include "devices/calibration/power_doubts.hpp"
#include "devices/calibration/time_doubts.hpp"
#include "devices/calibration/transfer.hpp"
#include "sim/base/text.hpp"

namespace wattline::devices::calibration {

namespace {

// FLOP and bytes of the user's own networks, for whoever asks for one by name.
void remember_counted(const Intake& intake, const std::vector<ProfileRow>& rows, Calibration& result) {
  std::set<std::string> ambiguous;
  for (const IntakePoint& point : intake.points) {
    if (intake.groups[point.group].source != WorkSource::counted) continue;
    const ProfileRow& row = rows[point.row];
    const std::string name = full_name(result.model.spec, row.workload);
    const CountedWork work{*row.flop, *row.bytes};
    const auto [known, is_new] =
        result.model.counted.emplace(std::pair(name, CountedPoint{row.role, row.batch}), work);
    if (is_new || (known->second.flop == work.flop && known->second.bytes == work.bytes)) continue;
    known->second = work;
    if (ambiguous.insert(name).second) {
      result.report.notes.push_back(fmt::format(
          "{}: profiles of one batch differ in FLOP or bytes; by name the last of them answers (line {})",
          name, row.line));
    }
  }
}

// What looks like a mistake in the profiles rather than a property of the board.
void note_oddities(const CalibratedModel& model, std::vector<std::string>& notes) {
  constexpr double doubtful = 0.30;
  for (const GroupModel& group : model.groups) {
    for (const auto& [target, law] : {std::pair{"time", &group.time}, std::pair{"power", &group.power}}) {
      if (law->held_out.points > 0 && law->held_out.law_alone > doubtful)
        notes.push_back(fmt::format(
            "{}: the physical law alone misses {} by {:.6g} %; check units and clocks of the profiles",
            group.group.name, target, std::round(100 * law->held_out.law_alone)));
      std::vector<std::string> at_bound;
      for (std::size_t i = 0; law->points > 0 && i < law->group.parameters.size(); ++i) {
        const Parameter& parameter = law->group.parameters[i];
        const double value = law->group.estimates[i].value;
        if (value <= parameter.low * 1.001 || value >= parameter.high * 0.999)
          at_bound.push_back(parameter.name);
      }
      if (!at_bound.empty())
        notes.push_back(fmt::format("{}: parameters of {} at the end of their range: {}", group.group.name,
                                    target, joined(at_bound)));
    }
  }
}

}  // namespace

Result<Calibration> calibrate(const DeviceSpec& spec, const std::string& spec_text,
                              const std::vector<ProfileRow>& rows, const std::string& name,
                              const CalibrationOptions& options) {
  auto intake = take_in(spec, rows, name, options);
  if (!intake) return intake.error();
  // The base's efficiencies of a nominal network mean something for its nominal work only.
  for (Group& group : intake->groups) {
    const GroupModel* near = options.base ? nearest_group(*options.base, group) : nullptr;
    if (near && near->group.name == group.name && group.source == WorkSource::fitted)
      group.work = near->group.work;
  }
  const Ground ground{spec,
                      rows,
                      *intake,
                      options,
                      time_priors_of(spec, *intake, options),
                      power_priors_of(spec, *intake, options)};
  Calibration result;
  result.report.notes = intake->notes;
  result.report.disagreements = intake->disagreements;
  note_transfer(spec, *intake, options, result.report);
  std::vector<std::size_t> all(intake->points.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  result.model = fit_model(ground, all, options.fit, &result.report);
  result.model.spec_text = spec_text;
  result.model.source = name;
  // The law alone is for work of any size; it keeps no list of the work that it was fitted to.
  if (options.hybrid) remember_counted(*intake, rows, result);
  if (options.held_out) {
    options.on_step("holding out points");
    hold_out(ground, result.model);
  }
  note_oddities(result.model, result.report.notes);
  note_unvaried(rows, *intake, result.report.notes);
  doubt_times(spec, rows, *intake, time_priors_of(spec, *intake, {}), result.report.notes);
  doubt_powers(spec, rows, *intake, result.report.notes);
  return result;
}

Result<CalibratedModel> prior_model(const DeviceSpec& spec, const Group& group,
                                    const CalibrationOptions& options) {
  Intake intake;
  intake.groups = {group};
  intake.typical_time_s = {0};
  if (options.power_kind != PowerKind::unstated) intake.power_kind = options.power_kind;
  const Ground ground{spec,
                      {},
                      intake,
                      options,
                      time_priors_of(spec, intake, options),
                      power_priors_of(spec, intake, options)};
  CalibratedModel model = fit_model(ground, {}, options.fit, nullptr);
  return model;
}

Result<Calibration> transferred(const CalibratedModel& base, const DeviceSpec& spec,
                                const std::string& spec_text, PowerKind kind) {
  CalibrationOptions options;
  options.base = &base;
  options.power_kind = kind == PowerKind::unstated ? base.power_kind : kind;
  Intake intake;
  intake.power_kind = options.power_kind;
  for (const GroupModel& group : base.groups) {
    auto own = group.group.source == WorkSource::fitted
                   ? Result<Group>(group.group)
                   : known_group(spec, group.group.name, group.group.role,
                                 group.group.source == WorkSource::counted);
    if (!own) continue;  // a stack or role that this board does not have
    own->name = group.group.name;
    intake.groups.push_back(*std::move(own));
    intake.typical_time_s.push_back(0);
  }
  if (intake.groups.empty())
    return bad_input(fmt::format("no workload of the model of {} can run on {}", base.spec.name, spec.name));
  const Ground ground{spec,
                      {},
                      intake,
                      options,
                      time_priors_of(spec, intake, options),
                      power_priors_of(spec, intake, options)};
  Calibration result;
  result.model = fit_model(ground, {}, options.fit, nullptr);
  result.model.spec_text = spec_text;
  result.model.source = "transferred from " + base.spec.name;
  result.model.counted = base.counted;
  note_transfer(spec, intake, options, result.report);
  return result;
}

}  // namespace wattline::devices::calibration
