// wattline devices: lists the boards, or shows one.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "devices/calibration/model_file.hpp"
#include "devices/device_spec.hpp"
#include "experiments/calibration/report.hpp"
#include "experiments/cli/verbs.hpp"
#include "sim/base/text.hpp"

namespace wattline::experiments {

namespace {

using devices::DeviceSpec;

struct DevicesOptions {
  std::string name;
  std::string file;
  std::string show = "summary";
  std::string format = "table";
};

ResultTable list_of_devices() {
  ResultTable table;
  table.columns = {{"device"},
                   {"title"},
                   {"sms"},
                   {"cuda_cores"},
                   {"cpu_cores"},
                   {"max_gpu_khz"},
                   {"max_cpu_khz"},
                   {"max_emc_khz"},
                   {"peak_fp32_tflop_per_s", 2},
                   {"peak_dram_gb_per_s", 1},
                   {"modes"},
                   {"presets"}};
  for (const std::string& name : devices::device_names()) {
    const DeviceSpec spec = required(devices::find_device(name));
    table.rows.push_back({spec.name, spec.title, std::int64_t{spec.gpu.sms},
                          std::int64_t{spec.gpu.cuda_cores}, std::int64_t{spec.cpu.cores},
                          std::int64_t{spec.max_gpu_khz()}, std::int64_t{spec.max_cpu_khz()},
                          std::int64_t{spec.max_emc_khz()},
                          spec.gpu.sms * spec.gpu.fp32_flop_per_clock_per_sm * spec.max_gpu_khz() * 1e-9,
                          spec.memory.bytes_per_clock * spec.max_emc_khz() * 1e-6,
                          static_cast<std::int64_t>(spec.mode_spaces.front().size()),
                          static_cast<std::int64_t>(spec.presets.size())});
  }
  return table;
}

ResultTable mode_spaces_of(const DeviceSpec& spec) {
  ResultTable table;
  table.columns = {{"mode_space"}, {"clock_table"}, {"modes"},     {"cores"},
                   {"cpu_clocks"}, {"gpu_clocks"},  {"emc_clocks"}};
  for (std::size_t i = 0; i < spec.mode_spaces.size(); ++i) {
    const devices::ModeSpace& space = spec.mode_spaces[i];
    std::vector<Cell> row = {space.name(), spec.mode_space_tables[i],
                             static_cast<std::int64_t>(space.size())};
    for (const devices::Axis axis : devices::all_axes)
      row.push_back(static_cast<std::int64_t>(space.axis(axis).size()));
    table.rows.push_back(std::move(row));
  }
  return table;
}

ResultTable presets_of(const DeviceSpec& spec) {
  ResultTable table;
  const bool whole = std::all_of(spec.presets.begin(), spec.presets.end(), [](const devices::Preset& preset) {
    return preset.nominal_power_w == std::floor(preset.nominal_power_w);
  });
  table.columns = {{"preset"},  {"id"},         {"clock_table"},
                   {"cores"},   {"cpu_khz"},    {"gpu_khz"},
                   {"emc_khz"}, {"active_sms"}, {"nominal_power_w", whole ? 0 : 1}};
  for (const devices::Preset& preset : spec.presets) {
    const devices::PowerMode& mode = preset.mode;
    table.rows.push_back({preset.name, std::int64_t{preset.id}, preset.clock_table, std::int64_t{mode.cores},
                          std::int64_t{mode.cpu_khz}, std::int64_t{mode.gpu_khz}, std::int64_t{mode.emc_khz},
                          std::int64_t{mode.active_sms},
                          preset.nominal_power_w > 0 ? Cell{preset.nominal_power_w} : Cell{}});
  }
  return table;
}

std::string yes_or_no(bool value) {
  return value ? "yes" : "no";
}

// Peaks at the highest GPU clock, with the accelerators that a stack uses.
ResultTable stacks_of(const DeviceSpec& spec) {
  ResultTable table;
  table.columns = {{"stack"},    {"precision"},         {"peak_tflop_per_s", 2},   {"trains"},
                   {"uses_dla"}, {"fuses_elementwise"}, {"compute_efficiency", 2}, {"networks_fitted"}};
  for (const devices::SoftwareStack& stack : spec.stacks) {
    const double gpu =
        spec.gpu.sms * spec.gpu.flop_per_clock_per_sm(stack.precision) * spec.max_gpu_khz() * 1e-9;
    const double dla = stack.uses_dla ? spec.dla.flop_per_s(stack.precision) * 1e-12 : 0;
    table.rows.push_back({stack.name, std::string(devices::name_of(stack.precision)), gpu + dla,
                          yes_or_no(stack.trains), yes_or_no(stack.uses_dla),
                          yes_or_no(stack.fuses_elementwise), stack.typical.compute,
                          static_cast<std::int64_t>(stack.by_workload.size())});
  }
  return table;
}

ResultTable values_of(const DeviceSpec& spec) {
  ResultTable table;
  table.columns = {{"field"}, {"value"}, {"confidence"}, {"source"}};
  for (const devices::Provenance& from : spec.provenance) {
    table.rows.push_back({from.field, from.value, from.confidence, from.source});
  }
  return table;
}

// The calibrated model that is shipped with the board.
void show_model(const DeviceSpec& spec, Format format) {
  const auto model =
      required(devices::calibration::read_model(devices::calibration::built_in_prefix + spec.name));
  const ResultTable table = provenance_table(model);
  if (format != Format::table) return print(table.print(format));
  print(fmt::format("{}: power of {}; profiles: {}\n\n", spec.name, devices::name_of(model.power_kind),
                    model.source));
  print(to_significant(table).to_text());
}

void run_devices(const DevicesOptions& options) {
  const Format format = format_of(options.format);
  if (options.name.empty() && options.file.empty()) return print(list_of_devices().print(format));
  const DeviceSpec spec = required(options.file.empty() ? devices::find_device(options.name)
                                                        : devices::read_device_spec(options.file));
  if (options.show == "values") return print(values_of(spec).print(format));
  if (options.show == "model") return show_model(spec, format);
  if (options.show == "stacks") return print(stacks_of(spec).print(format));
  if (options.show == "presets") return print(presets_of(spec).print(format));
  if (options.show == "mode-spaces") return print(mode_spaces_of(spec).print(format));
  if (format != Format::table) {
    throw CommandError(
        bad_input("--format csv and json need --show mode-spaces, presets, stacks, values or model"));
  }
  print(fmt::format("{}: {}\n{}, {} SMs; {} x {}; {}, {} bits\n\n", spec.name, spec.title,
                    spec.gpu.architecture, spec.gpu.sms, spec.cpu.cores, spec.cpu.type, spec.memory.type,
                    spec.memory.bus_bits));
  if (!spec.aliases.empty()) print(fmt::format("also: {}\n\n", joined(spec.aliases)));
  print(mode_spaces_of(spec).to_text() + "\n" + presets_of(spec).to_text() + "\n" +
        stacks_of(spec).to_text());
}

}  // namespace

void add_devices(CLI::App& app) {
  auto options = std::make_shared<DevicesOptions>();
  CLI::App* verb = app.add_subcommand("devices", "List the boards, or show one");
  verb->add_option("device", options->name, "A built-in board, by its name or a short one");
  verb->add_option("--file", options->file, "A device file of your own instead")->excludes("device");
  const CLI::Option* show =
      verb->add_option("--show", options->show,
                       "summary, mode-spaces, presets, stacks; values, or model: the calibrated one that is "
                       "built in (each "
                       "value with where it comes from)")
          ->check(CLI::IsMember({"summary", "mode-spaces", "presets", "stacks", "values", "model"}))
          ->capture_default_str();
  add_format_option(*verb, options->format);
  verb->footer("Example: wattline devices orin-agx-64gb --show presets");
  verb->callback([options, show] {
    if (show->count() > 0 && options->name.empty() && options->file.empty())
      throw CommandError(bad_input("--show is of one board; name it, or give --file"));
    run_devices(*options);
  });
}

}  // namespace wattline::experiments
