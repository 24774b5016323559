#include "experiments/calibration/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "sim/base/text.hpp"

namespace wattline::experiments {

using devices::calibration::CalibratedModel;
using devices::calibration::Calibration;
using devices::calibration::CalibrationReport;
using devices::calibration::ErrorSummary;
using devices::calibration::Estimate;
using devices::calibration::GroupLaw;
using devices::calibration::GroupModel;
using devices::calibration::Parameter;
using devices::calibration::ParameterEstimates;
using devices::calibration::WorkSource;

namespace {

Cell per_cent(const ErrorSummary& error, double value) {
  return error.points > 0 ? Cell{100 * value} : Cell{};
}

std::vector<Cell> error_row(const GroupModel& group, const char* target, const GroupLaw& law) {
  const ErrorSummary& error = law.held_out;
  return {group.group.name,
          workloads::name_of(group.group.role),
          target,
          law.points,
          error.points,
          per_cent(error, error.mean_absolute),
          per_cent(error, error.median_absolute),
          per_cent(error, error.worst),
          per_cent(error, error.bias),
          per_cent(error, error.law_alone),
          per_cent(error, error.within_one_sigma)};
}

// Whether a parameter can change what this group predicts.
bool matters(const GroupModel& group, const std::string& name) {
  const bool counted = group.group.source == WorkSource::counted;
  if (name.starts_with("arithmetic_")) return counted;
  if (name == "pipeline_cycles") return group.group.role == workloads::Role::train;
  return true;
}

void add_parameters(ResultTable& table, const std::string& scope, const std::string& role, const char* target,
                    const ParameterEstimates& set, const GroupModel* group) {
  for (std::size_t i = 0; i < set.parameters.size(); ++i) {
    const Parameter& parameter = set.parameters[i];
    if (group && !matters(*group, parameter.name)) continue;
    const Estimate& estimate = set.estimates[i];
    table.rows.push_back({scope, role, target, parameter.name, estimate.value,
                          parameter.unit.empty() ? Cell{} : Cell{parameter.unit},
                          std::max(estimate.low95(), parameter.low),
                          std::min(estimate.high95(), parameter.high),
                          estimate.determined(parameter) ? "fitted" : "prior", parameter.prior});
  }
}

// The field of the spec that a parameter's prior was taken from.
const std::map<std::string, std::string> spec_fields = {
    {"dram_fraction", "memory.achievable_fraction"},
    {"on_chip_bytes_per_clock", "gpu.on_chip_bytes_per_clock"},
    {"board_w", "power.board_w"},
    {"memory_w", "power.memory_idle_w"},
    {"gpu_leakage_w", "power.gpu.leakage_w"},
    {"gpu_clock_w", "power.gpu.clock_w"},
    {"cpu_leakage_w", "power.cpu.leakage_w"},
    {"cpu_clock_w", "power.cpu.clock_w"},
    {"energy_per_flop_pj", "power.energy_per_flop_pj"},
    {"energy_per_byte_pj", "power.energy_per_byte_pj"},
};

// Confidence and source of a parameter.
std::pair<std::string, std::string> origin_of(const CalibratedModel& model, const Parameter& parameter,
                                              const Estimate& estimate) {
  if (estimate.determined(parameter)) return {"fitted", model.source};
  const auto field = spec_fields.find(parameter.name);
  if (field != spec_fields.end()) {
    for (const devices::Provenance& from : model.spec.provenance)
      if (from.field == field->second) return {from.confidence, from.source};
  }
  return {"estimated", "prior of the calibration; the profiles do not determine it"};
}

void add_origins(ResultTable& table, const CalibratedModel& model, const std::string& scope,
                 const char* target, const ParameterEstimates& set, const GroupModel* group) {
  for (std::size_t i = 0; i < set.parameters.size(); ++i) {
    const Parameter& parameter = set.parameters[i];
    if (group && !matters(*group, parameter.name)) continue;
    const Estimate& estimate = set.estimates[i];
    const auto [confidence, source] = origin_of(model, parameter, estimate);
    table.rows.push_back({scope, target, parameter.name, estimate.value,
                          parameter.unit.empty() ? Cell{} : Cell{parameter.unit}, estimate.low95(),
                          estimate.high95(), confidence, source});
  }
}

std::string undetermined_of(const std::string& scope, const ParameterEstimates& set,
                            const GroupModel* group) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < set.parameters.size(); ++i) {
    if (group && !matters(*group, set.parameters[i].name)) continue;
    if (!set.estimates[i].determined(set.parameters[i])) names.push_back(set.parameters[i].name);
  }
  return names.empty() ? "" : fmt::format("{}: {}", scope, joined(names));
}

std::string lines_of(const devices::calibration::Disagreement& found) {
  constexpr std::size_t most = 8;
  std::vector<std::string> lines;
  for (const std::size_t line : found.lines)
    if (lines.size() < most) lines.push_back(std::to_string(line));
  if (found.lines.size() > most) lines.push_back(fmt::format("and {} more", found.lines.size() - most));
  return joined(lines, " ");
}

OrderedJson parsed(const ResultTable& table) {
  return OrderedJson::parse(table.to_json());
}

}  // namespace

ResultTable to_significant(ResultTable table) {
  for (auto& row : table.rows)
    for (Cell& cell : row)
      if (const auto* number = std::get_if<double>(&cell)) cell = fmt::format("{:.4g}", *number);
  return table;
}

ResultTable error_table(const CalibratedModel& model) {
  ResultTable table;
  table.columns = {{"workload"},
                   {"role"},
                   {"target"},
                   {"points"},
                   {"held_out_points", 0, "held out"},
                   {"mape_pct", 2, "MAPE %"},
                   {"median_pct", 2, "median %"},
                   {"worst_pct", 1, "worst %"},
                   {"bias_pct", 2, "bias %"},
                   {"law_alone_pct", 2, "law alone %"},
                   {"within_one_sigma_pct", 0, "in 1 sigma %"}};
  for (const GroupModel& group : model.groups) {
    if (group.time.points > 0) table.rows.push_back(error_row(group, "time", group.time));
    if (group.power.points > 0) table.rows.push_back(error_row(group, "power", group.power));
  }
  return table;
}

ResultTable parameter_table(const CalibratedModel& model) {
  ResultTable table;
  table.columns = {{"workload"}, {"role"},     {"target"},    {"parameter"}, {"value", 4},
                   {"unit"},     {"low95", 4}, {"high95", 4}, {"from"},      {"prior", 4}};
  add_parameters(table, "board", "", "time", model.board_time, nullptr);
  add_parameters(table, "board", "", "power", model.board_power, nullptr);
  for (const auto& [kind, meter] : model.meters)
    add_parameters(table, fmt::format("meter: {}", devices::name_of(kind)), "", "power", meter, nullptr);
  for (const GroupModel& group : model.groups) {
    const std::string role = workloads::name_of(group.group.role);
    if (group.time.points > 0)
      add_parameters(table, group.group.name, role, "time", group.time.group, &group);
    if (group.power.points > 0)
      add_parameters(table, group.group.name, role, "power", group.power.group, &group);
  }
  return table;
}

ResultTable provenance_table(const CalibratedModel& model) {
  ResultTable table;
  table.columns = {{"workload"}, {"target"},    {"parameter"},  {"value", 4}, {"unit"},
                   {"low95", 4}, {"high95", 4}, {"confidence"}, {"source"}};
  add_origins(table, model, "board", "time", model.board_time, nullptr);
  add_origins(table, model, "board", "power", model.board_power, nullptr);
  for (const GroupModel& group : model.groups) {
    const std::string scope = fmt::format("{} {}", group.group.name, workloads::name_of(group.group.role));
    add_origins(table, model, scope, "time", group.time.group, &group);
    if (group.power.points > 0) add_origins(table, model, scope, "power", group.power.group, &group);
  }
  return table;
}

ResultTable transfer_table(const CalibrationReport& report) {
  ResultTable table;
  table.columns = {{"workload"}, {"role"}, {"target"}, {"parameter"}, {"prior", 4}, {"unit"}, {"spread", 4}};
  for (const auto& taken : report.transferred) {
    const Parameter& parameter = taken.parameter;
    const bool board = taken.group.empty();
    table.rows.push_back({board ? "board" : taken.group, board ? "" : workloads::name_of(taken.role),
                          taken.target, parameter.name, parameter.prior,
                          parameter.unit.empty() ? Cell{} : Cell{parameter.unit}, parameter.spread});
  }
  return table;
}

ResultTable disagreement_table(const CalibrationReport& report) {
  ResultTable table;
  table.columns = {{"workload"},
                   {"lines"},
                   {"time_spread_pct", 1, "time spread %"},
                   {"power_spread_pct", 1, "power spread %"}};
  for (const auto& found : report.disagreements)
    table.rows.push_back(
        {found.workload, lines_of(found), 100 * found.time_spread, 100 * found.power_spread});
  return table;
}

std::vector<std::string> undetermined(const CalibratedModel& model) {
  std::vector<std::string> lines = {undetermined_of("board, time", model.board_time, nullptr),
                                    undetermined_of("board, power", model.board_power, nullptr)};
  for (const GroupModel& group : model.groups) {
    if (group.time.points > 0)
      lines.push_back(undetermined_of(group.group.name + ", time", group.time.group, &group));
    if (group.power.points > 0)
      lines.push_back(undetermined_of(group.group.name + ", power", group.power.group, &group));
  }
  lines.erase(std::remove(lines.begin(), lines.end(), ""), lines.end());
  return lines;
}

namespace {

// As text; of many the worst, in the order of their lines.
std::string worst_disagreements(const CalibrationReport& report) {
  constexpr std::size_t shown = 20;
  CalibrationReport worst;
  worst.disagreements = report.disagreements;
  const std::size_t all = worst.disagreements.size();
  if (all <= shown) return disagreement_table(worst).to_text();
  const auto spread = [](const auto& found) { return std::max(found.time_spread, found.power_spread); };
  std::stable_sort(worst.disagreements.begin(), worst.disagreements.end(),
                   [&](const auto& a, const auto& b) { return spread(a) > spread(b); });
  worst.disagreements.resize(shown);
  return disagreement_table(worst).to_text() +
         fmt::format("and {} points that differ less (--format json has all)\n", all - shown);
}

}  // namespace

std::string calibration_text(const Calibration& calibration) {
  const CalibratedModel& model = calibration.model;
  const CalibrationReport& report = calibration.report;
  std::string text = fmt::format(
      "{}: power of {}; time fit {}, power fit {}\n\nError on points held out in turn\n\n", model.spec.name,
      devices::name_of(model.power_kind), devices::calibration::name_of(report.time_fit),
      devices::calibration::name_of(report.power_fit));
  const ResultTable errors = error_table(model);
  text += errors.rows.empty() ? "No profile, so no error.\n" : errors.to_text();
  text += "\nParameters, with 95 % intervals of prior and data together\n\n";
  text += to_significant(parameter_table(model)).to_text();
  text += "\nNot determined by the data, and left at what was known before:\n";
  for (const std::string& line : undetermined(model)) text += "  " + line + "\n";
  if (!report.transferred.empty()) {
    text += "\nPriors from the base model, with their spread (of the natural logarithm)\n\n";
    text += to_significant(transfer_table(report)).to_text();
  }
  if (!report.disagreements.empty()) {
    text += "\nPoints that were profiled more than once, with results that differ\n\n";
    text += worst_disagreements(report);
  }
  if (!report.notes.empty()) text += "\nNotes:\n";
  for (const std::string& note : report.notes) text += "  " + note + "\n";
  return text;
}

OrderedJson calibration_json(const Calibration& calibration) {
  const CalibratedModel& model = calibration.model;
  OrderedJson json;
  json["device"] = model.spec.name;
  json["power_kind"] = devices::name_of(model.power_kind);
  json["time_fit"] = devices::calibration::name_of(calibration.report.time_fit);
  json["power_fit"] = devices::calibration::name_of(calibration.report.power_fit);
  json["errors"] = parsed(error_table(model));
  json["parameters"] = parsed(parameter_table(model));
  json["undetermined"] = undetermined(model);
  json["transferred"] = parsed(transfer_table(calibration.report));
  json["disagreements"] = parsed(disagreement_table(calibration.report));
  json["notes"] = calibration.report.notes;
  return json;
}

}  // namespace wattline::experiments
