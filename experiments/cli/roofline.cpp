// wattline roofline: ceilings of a board in its modes, with workloads placed under them.
#include <fmt/format.h>

#include <memory>

#include "devices/roofline.hpp"
#include "experiments/cli/verbs.hpp"
#include "workloads/catalog.hpp"

namespace wattline::experiments {

namespace {

using devices::PowerMode;
using devices::RooflineModel;
using workloads::Role;

struct RooflineOptions {
  std::string device;
  std::string file;
  std::vector<std::string> presets;
  std::string stack;
  std::string format = "table";
};

ResultTable ceilings_of(const RooflineModel& model, const std::vector<devices::Preset>& presets,
                        const devices::SoftwareStack& stack) {
  ResultTable table;
  table.columns = {{"preset"},
                   {"peak_gflop_per_s", 0},
                   {"dram_gb_per_s", 1},
                   {"on_chip_gb_per_s", 1},
                   {"ridge_flop_per_byte", 1},
                   {"idle_power_w", 2}};
  for (const devices::Preset& preset : presets) {
    const devices::Ceilings ceiling = model.ceilings(preset.mode, stack);
    double idle_w = 0;
    for (const double rail_w : required(model.idle_power_w(preset.mode))) idle_w += rail_w;
    table.rows.push_back({preset.name, ceiling.flop_per_s * 1e-9, ceiling.dram_bytes_per_s * 1e-9,
                          ceiling.on_chip_bytes_per_s * 1e-9, ceiling.flop_per_s / ceiling.bytes_per_s(),
                          idle_w});
  }
  return table;
}

void place(ResultTable& table, const RooflineModel& model, const devices::Preset& preset,
           const std::string& network, const std::string& stack, Role role, int batch) {
  const std::string workload = stack.empty() ? network : network + "@" + stack;
  const auto point = required(model.place(workload, role, batch, preset.mode));
  const auto cost = required(model.minibatch(workload, role, batch, preset.mode));
  const double time_s = point.time_s();
  const double energy_j = cost.total_power_w() * time_s;
  table.rows.push_back({preset.name, workload, std::string(workloads::name_of(role)), std::int64_t{batch},
                        point.flop / point.bytes, point.flop / time_s * 1e-9, point.bytes / time_s * 1e-9,
                        std::string(point.bound()), time_s * 1e3, cost.total_power_w(), energy_j / batch,
                        point.flop / energy_j * 1e-9});
}

// `stack` is empty for the board's default.
ResultTable placements(const RooflineModel& model, const std::vector<devices::Preset>& presets,
                       const std::string& stack, bool trains) {
  ResultTable table;
  table.columns = {{"preset"},
                   {"workload"},
                   {"role"},
                   {"batch"},
                   {"flop_per_byte", 2},
                   {"gflop_per_s", 0},
                   {"gb_per_s", 1},
                   {"bound"},
                   {"time_ms", 2},
                   {"power_w", 2},
                   {"energy_per_sample_j", 3},
                   {"gflop_per_j", 1}};
  for (const devices::Preset& preset : presets) {
    for (const workloads::Dnn& dnn : workloads::catalog()) {
      for (const int batch : dnn.infer_batches)
        place(table, model, preset, dnn.name, stack, Role::infer, batch);
      if (!trains) continue;
      for (const int batch : dnn.train_batches)
        place(table, model, preset, dnn.name, stack, Role::train, batch);
    }
  }
  return table;
}

void run_roofline(const RooflineOptions& options) {
  const Format format = format_of(options.format);
  if (options.device.empty() == options.file.empty()) {
    throw CommandError(bad_input("exactly one of a device and --file is expected"));
  }
  const auto spec = required(options.file.empty() ? devices::find_device(options.device)
                                                  : devices::read_device_spec(options.file));
  std::vector<devices::Preset> presets;
  for (const std::string& name : options.presets)
    presets.push_back(required(devices::find_preset(spec, name)));
  if (presets.empty()) presets = devices::presets_of(spec, spec.mode_spaces.front());
  if (presets.empty()) {  // a board without presets is shown at its top mode
    const devices::ModeSpace& space = spec.mode_spaces.front();
    presets.push_back({"top", {}, 0, space.at(space.size() - 1), 0});
  }
  const devices::SoftwareStack stack = required(devices::find_stack(spec, options.stack));
  const RooflineModel model(spec);
  if (format == Format::table) print(ceilings_of(model, presets, stack).to_text() + "\n");
  print(placements(model, presets, options.stack, stack.trains).print(format));
}

}  // namespace

void add_roofline(CLI::App& app) {
  auto options = std::make_shared<RooflineOptions>();
  CLI::App* verb =
      app.add_subcommand("roofline", "Time and energy rooflines of a board, with workloads placed on them");
  verb->add_option("device", options->device, "A built-in board");
  verb->add_option("--file", options->file, "A device file of your own instead");
  verb->add_option("--preset", options->presets,
                   "Only these presets (default: all of the default clock table)");
  verb->add_option("--stack", options->stack, "A software stack of the board (default: its first)");
  add_format_option(*verb, options->format);
  verb->footer("Example: wattline roofline orin-agx-64gb --preset MAXN");
  verb->callback([options] { run_roofline(*options); });
}

}  // namespace wattline::experiments
