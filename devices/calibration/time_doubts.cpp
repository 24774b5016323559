#include "devices/calibration/time_doubts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "sim/base/median.hpp"
#include "sim/base/text.hpp"

namespace wattline::devices::calibration {

namespace {

std::vector<double> prior_logs(const std::vector<Parameter>& parameters) {
  std::vector<double> logs;
  for (const Parameter& parameter : parameters) logs.push_back(std::log(parameter.prior));
  return logs;
}

// A measured time over the law's, as a logarithm.
struct Ratio {
  const ProfileRow* row = nullptr;
  double log = 0;
};

std::vector<Ratio> ratios_of(const DeviceSpec& spec, const std::vector<ProfileRow>& rows,
                             const Intake& intake, const ParameterSet& priors, std::size_t group) {
  const auto board = prior_logs(priors.board);
  const auto own = prior_logs(priors.groups[group]);
  std::vector<Ratio> ratios;
  for (const IntakePoint& point : intake.points) {
    const ProfileRow& row = rows[point.row];
    if (point.group != group || !row.time_ms) continue;
    const Setting at = setting_of(spec, intake.groups[group], point.point);
    const double gpu = law::gpu_s(board.data(), own.data(), at);
    ratios.push_back({&row, std::log(*row.time_ms * 1e-3 / law::time_s(own.data(), gpu, at))});
  }
  return ratios;
}

std::string times_text(double log_ratio) {
  return log_ratio > 0 ? fmt::format("{:.2g} times as long as", std::exp(log_ratio))
                       : fmt::format("{:.2g} of", std::exp(log_ratio));
}

void doubt_group(const std::string& name, bool known, const std::vector<Ratio>& ratios,
                 std::vector<std::string>& notes) {
  if (ratios.empty()) return;
  std::vector<double> logs;
  for (const Ratio& ratio : ratios) logs.push_back(ratio.log);
  const double middle = median(logs);
  const double far = std::log(5.0);
  const double far_from_others = std::log(20.0);
  if (known && std::abs(middle) > far)
    notes.push_back(
        fmt::format("{}: times are {} what is known of board and network makes of them (line {}: "
                    "{:.4g} ms); check their unit and column",
                    name, times_text(middle), ratios.front().row->line, *ratios.front().row->time_ms));
  std::size_t count = 0;
  const Ratio* first = nullptr;
  for (const Ratio& ratio : ratios) {
    if (std::abs(ratio.log - middle) <= far_from_others) continue;
    if (count++ == 0) first = &ratio;
  }
  if (count > 0)
    notes.push_back(fmt::format(
        "{}: {} of {} times are out of line with the others; the first is line {}: {:.4g} "
        "ms is {} what they make of it",
        name, count, ratios.size(), first->row->line, *first->row->time_ms, times_text(first->log - middle)));
}

}  // namespace

void doubt_times(const DeviceSpec& spec, const std::vector<ProfileRow>& rows, const Intake& intake,
                 const ParameterSet& priors, std::vector<std::string>& notes) {
  for (std::size_t g = 0; g < intake.groups.size(); ++g) {
    const WorkSource source = intake.groups[g].source;
    // Counted work is of many kinds of kernels, of which small ones are launched longer than they run.
    if (source == WorkSource::counted) continue;
    doubt_group(intake.groups[g].name, source == WorkSource::catalogue,
                ratios_of(spec, rows, intake, priors, g), notes);
  }
}

void note_unvaried(const std::vector<ProfileRow>& rows, const Intake& intake,
                   std::vector<std::string>& notes) {
  const std::vector<std::pair<const char*, std::int32_t PowerMode::*>> knobs = {
      {"cores", &PowerMode::cores},
      {"cpu_khz", &PowerMode::cpu_khz},
      {"gpu_khz", &PowerMode::gpu_khz},
      {"emc_khz", &PowerMode::emc_khz}};
  std::map<std::string, std::vector<std::string>> groups_of;  // by what does not vary
  for (std::size_t g = 0; g < intake.groups.size(); ++g) {
    std::vector<const ProfileRow*> own;
    for (const IntakePoint& point : intake.points)
      if (point.group == g) own.push_back(&rows[point.row]);
    const auto all_same = [&](auto value_of) {
      return std::all_of(own.begin(), own.end(),
                         [&](const ProfileRow* row) { return value_of(*row) == value_of(*own.front()); });
    };
    std::vector<std::string> same;
    if (own.empty()) continue;
    if (intake.groups[g].source != WorkSource::counted &&
        all_same([](const ProfileRow& r) { return r.batch; }))
      same.push_back("batch");
    for (const auto& [name, knob] : knobs)
      if (all_same([knob = knob](const ProfileRow& r) { return r.mode.*knob; })) same.push_back(name);
    if (!same.empty()) groups_of[joined(same)].push_back(intake.groups[g].name);
  }
  for (const auto& [same, groups] : groups_of)
    notes.push_back(
        fmt::format("{}: all profiles have the same {}; what other values do is what was known before",
                    joined(groups), same));
}

}  // namespace wattline::devices::calibration
