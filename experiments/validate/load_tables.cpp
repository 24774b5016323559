#include "experiments/validate/load_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace wattline::experiments {

namespace {

constexpr std::array all_quantities = {Quantity::mean_ms, Quantity::p50_ms, Quantity::p95_ms,
                                       Quantity::p99_ms, Quantity::power_w};

std::string quantity_column(Quantity quantity, const char* what) {
  const std::string name = name_of(quantity);
  const auto unit = name.rfind('_');
  return fmt::format("{}_{}{}", name.substr(0, unit), what, name.substr(unit));
}

bool wanted(const ServedMode& mode, const std::string& device) {
  return device.empty() || mode.device == device;
}

void add_summary(const LoadValidation& validation, const std::string& device, ResultTable& table) {
  for (const Quantity quantity : all_quantities) {
    const auto summary = summary_of(validation, quantity, device);
    if (!summary) continue;
    const auto target = target_of(quantity);
    table.rows.push_back({device.empty() ? "all" : device, std::string(name_of(quantity)),
                          static_cast<std::int64_t>(summary->points), 100 * summary->median_error,
                          target ? Cell{100 * *target} : Cell{}, 100 * summary->worst_error,
                          100 * summary->bias, 100 * summary->noise});
  }
}

std::string origin_of(const FittedMode& fitted) {
  if (fitted.from_closed_loop) return "closed-loop";
  return fitted.has_prior ? "lowest-load" : "lowest-load-alone";
}

}  // namespace

ResultTable points_table(const LoadValidation& validation) {
  ResultTable table;
  table.columns = {{"device"},     {"workload"}, {"mode_label", 0, "mode"}, {"load_frac", 2, "load"},
                   {"rate_hz", 1}, {"runs"},     {"utilisation", 2, "util"}};
  for (const Quantity quantity : all_quantities) {
    const int decimals = 2;
    const std::string name = name_of(quantity);
    table.columns.push_back({quantity_column(quantity, "measured"), decimals, name});
    table.columns.push_back({quantity_column(quantity, "predicted"), decimals, "pred"});
    table.columns.push_back({name.substr(0, name.rfind('_')) + "_error_pct", 1, "err%"});
  }
  for (const PredictedPoint& point : validation.points) {
    const ServedMode& mode = validation.modes[point.mode];
    const LoadPoint& load = mode.loads[point.load];
    std::vector<Cell> row = {mode.device,        mode.workload, mode.mode_label,
                             load.load_fraction, load.rate_hz,  static_cast<std::int64_t>(load.runs),
                             point.utilisation};
    for (const auto& figure : point.figures) {
      row.push_back(figure ? Cell{figure->measured} : Cell{});
      row.push_back(figure ? Cell{figure->predicted} : Cell{});
      row.push_back(figure ? Cell{100 * figure->error()} : Cell{});
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

ResultTable fits_table(const LoadValidation& validation, const std::string& device) {
  ResultTable table;
  table.columns = {{"device"},
                   {"workload"},
                   {"mode_label", 0, "mode"},
                   {"inference_ms", 3},
                   {"inference_from", 0, "from"},
                   {"serialised_ms", 3},
                   {"parallel_ms", 3},
                   {"parallel_cv", 2},
                   {"misfit", 1},
                   {"idle_w", 2},
                   {"idle_from", 0, "from"},
                   {"energy_per_request_mj", 2}};
  for (std::size_t i = 0; i < validation.modes.size(); ++i) {
    const ServedMode& mode = validation.modes[i];
    if (!wanted(mode, device)) continue;
    const FittedMode& fitted = validation.fit.modes[i];
    const ServingModel& serving = fitted.serving;
    std::vector<Cell> row = {mode.device,          mode.workload,       mode.mode_label,
                             serving.inference_ms, origin_of(fitted),   serving.serialised_ms,
                             serving.parallel_ms,  serving.parallel_cv, fitted.misfit};
    if (fitted.power) {
      row.insert(row.end(), {fitted.power->idle_w,
                             std::string(fitted.power->idle_from_closed_loop ? "closed-loop" : "warm-idle"),
                             1e3 * fitted.power->energy_per_request_j});
    } else {
      row.resize(table.columns.size());
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

ResultTable summary_table(const LoadValidation& validation) {
  ResultTable table;
  table.columns = {{"device"},        {"quantity"},           {"points"},      {"median_error_pct", 1},
                   {"target_pct", 0}, {"worst_error_pct", 1}, {"bias_pct", 1}, {"repeat_spread_pct", 1}};
  std::set<std::string> devices;
  for (const PredictedPoint& point : validation.points) devices.insert(validation.modes[point.mode].device);
  for (const std::string& device : devices) add_summary(validation, device, table);
  if (devices.size() > 1) add_summary(validation, "", table);
  return table;
}

std::string undetermined(const LoadValidation& validation, const std::string& device) {
  std::size_t inferred = 0, alone = 0, powerless = 0, single = 0, shown = 0;
  for (std::size_t i = 0; i < validation.modes.size(); ++i) {
    if (!wanted(validation.modes[i], device)) continue;
    const FittedMode& fitted = validation.fit.modes[i];
    ++shown;
    inferred += !fitted.from_closed_loop && fitted.has_prior ? 1 : 0;
    alone += !fitted.from_closed_loop && !fitted.has_prior ? 1 : 0;
    powerless += fitted.power ? 0 : 1;
    single += validation.modes[i].loads.size() == 1 ? 1 : 0;
  }
  std::string text;
  const auto note = [&](std::size_t count, const char* what) {
    if (count > 0) text += fmt::format("{} of {} modes {}\n", count, shown, what);
  };
  note(inferred,
       "have no closed-loop profile: their inference time is told from the lowest load's percentiles,"
       " another mode's overhead and the capacity");
  note(alone,
       "have no closed-loop profile and no other mode's overhead to lean on: inference time and"
       " overhead are told apart by the lowest load's percentiles alone");
  note(powerless, "have no power or no warm idle power at the lowest load: power is not predicted");
  note(single, "were measured at one load: nothing to predict");
  if (validation.fit.share_modes == 0)
    text += "no mode has a closed-loop profile: the overhead is taken as parallel\n";
  if (validation.fit.clock_pairs == 0) {
    text += fmt::format(
        "no model has closed-loop profiles at two CPU clocks: {:.2f} of the overhead is taken"
        " to go with the clock\n",
        validation.fit.cpu_clock_share);
  }
  return text;
}

}  // namespace wattline::experiments
