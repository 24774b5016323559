// Reads a device spec from JSON.
//
// The file is {"schema": "wattline-device/1", "name", "title", "aliases"?, "gpu", "dla"?, "cpu", "memory",
// "clock_tables", "mode_spaces", "presets"?, "power", "stacks", "switching", "thermal"?, "sensor"?}; its
// fields are those of DeviceSpec (of "thermal": devices/thermal/spec_section.hpp). The GPU has a rate for
// each precision that it computes in, and "power" then has that precision in "relative_flop_energy". Every
// value says where it comes from, in one of two ways:
//
//   "sms": {"value": 16, "confidence": "public", "source": "NVIDIA's product page"}
//   "sms": 16      inside an object that has "confidence" and "source" of its own, or is enclosed by
//                  one that has (the nearest counts; the whole file may not share one)
//
// A value with neither is an error. Only names ("name", "title", "aliases", "schema", the "clock_table" that
// a mode space or preset refers to, and the "rails" whose sum a channel of the sensor measures) need no
// source.
//
// Clock tables, mode spaces, presets, power.rails, stacks and their by_workload, and sensor.channels are
// groups
//   {"confidence"?, "source"?, "list": [{"name": ..., ...}, ...]}   with unique names.
// An axis of a mode space is a list of values, or "all": every clock of the table, every core count.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "devices/device_spec.hpp"
#include "devices/sensor/sensor_reader.hpp"
#include "devices/sourced_reader.hpp"
#include "devices/stack_reader.hpp"
#include "devices/thermal/spec_section.hpp"
#include "sim/base/strict_json.hpp"
#include "sim/base/text.hpp"
#include "sim/energy_meter.hpp"

namespace wattline::devices {

namespace {

constexpr std::int32_t most_cores = 1024;
constexpr std::int32_t most_sms = 1024;
constexpr std::int32_t top_khz = 20'000'000;
constexpr Range watts = between(0, 10'000);
constexpr Range share = between(0, 1);
template <class Named>
std::vector<std::string> names_of(const std::vector<Named>& list) {
  std::vector<std::string> names;
  for (const Named& element : list) names.push_back(element.name);
  return names;
}

bool about_equal(double a, double b) {
  return std::abs(a - b) <= 1e-9 * std::max(std::abs(a), std::abs(b));
}

Gpu read_gpu(SourcedReader in) {
  Gpu gpu;
  gpu.architecture = in.text("architecture");
  gpu.sms = in.integer("sms", 1, most_sms);
  gpu.cuda_cores = in.integer("cuda_cores", 1, 1'000'000);
  gpu.fp32_flop_per_clock_per_sm = in.number("fp32_flop_per_clock_per_sm", above(0, 100'000));
  gpu.on_chip_bytes_per_clock = in.number("on_chip_bytes_per_clock", above(0, 1'000'000));
  const auto rate = [&](const char* key) { return in.has(key) ? in.number(key, above(0, 100'000)) : 0; };
  gpu.tf32_flop_per_clock_per_sm = rate("tf32_flop_per_clock_per_sm");
  gpu.fp16_flop_per_clock_per_sm = rate("fp16_flop_per_clock_per_sm");
  gpu.bf16_flop_per_clock_per_sm = rate("bf16_flop_per_clock_per_sm");
  gpu.int8_op_per_clock_per_sm = rate("int8_op_per_clock_per_sm");
  if (!about_equal(gpu.cuda_cores * 2.0, gpu.sms * gpu.fp32_flop_per_clock_per_sm)) {
    in.fail("fp32_flop_per_clock_per_sm",
            fmt::format("{} x {} sms is not 2 FLOP x {} cuda_cores", shortest(gpu.fp32_flop_per_clock_per_sm),
                        gpu.sms, gpu.cuda_cores));
  }
  in.done();
  return gpu;
}

Dla read_dla(SourcedReader in) {
  Dla dla;
  dla.engines = in.integer("engines", 1, 64);
  dla.int8_op_per_s_each = in.number("int8_op_per_s_each", above(0, 1e18));
  in.done();
  return dla;
}

Cpu read_cpu(SourcedReader in) {
  Cpu cpu;
  cpu.type = in.text("type");
  cpu.cores = in.integer("cores", 1, most_cores);
  cpu.relative_ipc = in.number("relative_ipc", above(0, 100));
  in.done();
  return cpu;
}

Memory read_memory(SourcedReader in) {
  Memory memory;
  memory.type = in.text("type");
  memory.bus_bits = in.integer("bus_bits", 8, 65'536);
  memory.bytes_per_clock = in.number("bytes_per_clock", above(0, 100'000));
  memory.achievable_fraction = in.number("achievable_fraction", above(0, 1));
  if (!about_equal(memory.bytes_per_clock, memory.bus_bits / 4.0)) {
    in.fail("bytes_per_clock", fmt::format("{} is not a quarter of bus_bits {} (two transfers a clock)",
                                           shortest(memory.bytes_per_clock), memory.bus_bits));
  }
  in.done();
  return memory;
}

std::vector<std::int32_t> read_clocks(SourcedReader& in, const std::string& key) {
  std::vector<std::int32_t> clocks = in.integers(key, 1, top_khz);
  const auto fall = std::adjacent_find(clocks.begin(), clocks.end(), std::greater_equal<>());
  if (fall != clocks.end()) {
    in.fail(key,
            fmt::format("{} follows {}; strictly ascending clocks are expected", *std::next(fall), *fall));
  }
  return clocks;
}

std::vector<ClockTable> read_clock_tables(SourcedReader& file) {
  std::vector<ClockTable> tables;
  for (SourcedReader& in : file.group("clock_tables")) {
    ClockTable table;
    table.name = in.name();
    table.cpu_khz = read_clocks(in, "cpu_khz");
    table.gpu_khz = read_clocks(in, "gpu_khz");
    table.emc_khz = read_clocks(in, "emc_khz");
    in.done();
    tables.push_back(std::move(table));
  }
  return tables;
}

// The clock table that a mode space or preset names. Precondition: there is one; after an error it is the
// first.
const ClockTable& read_table_of(SourcedReader& in, const std::vector<ClockTable>& tables) {
  const std::string name = in.name_among("clock_table", names_of(tables));
  return *std::find_if(tables.begin(), tables.end(),
                       [&](const ClockTable& table) { return table.name == name; });
}

// Records an error about `key` unless `value` is one of `known`.
void expect_known(SourcedReader& in, const std::string& key, std::int32_t value,
                  const std::vector<std::int32_t>& known, const std::string& of_what) {
  if (std::binary_search(known.begin(), known.end(), value)) return;
  in.fail(key, fmt::format("{} is not {}; nearest: {}", value, of_what, nearest_values(known, value)));
}

std::vector<std::int32_t> read_axis(SourcedReader& in, Axis axis, const std::vector<std::int32_t>& all,
                                    const std::string& of_what) {
  const auto read = [&](ObjectReader& from, const std::string& key) {
    const Json& value = from.any(key);
    if (value.is_string()) {
      if (value.get_ref<const std::string&>() == "all") return all;
      from.fail(key, fmt::format("{} is not accepted; \"all\" or a list is expected", value.dump()));
    }
    return narrowed(from.integers(key, 1, top_khz));
  };
  const std::vector<std::int32_t> values = in.value(name_of(axis), read);
  for (const std::int32_t value : values) expect_known(in, name_of(axis), value, all, of_what);
  return values;
}

void read_mode_spaces(SourcedReader& file, DeviceSpec& spec) {
  std::vector<std::int32_t> core_counts(static_cast<std::size_t>(spec.cpu.cores));
  std::iota(core_counts.begin(), core_counts.end(), 1);
  for (SourcedReader& in : file.group("mode_spaces")) {
    const ClockTable& table = read_table_of(in, spec.clock_tables);
    const std::string of_table = fmt::format("in clock table '{}'", table.name);
    std::array<std::vector<std::int32_t>, 4> axes = {
        read_axis(in, Axis::cores, core_counts, fmt::format("a core count of {} cores", spec.cpu.cores)),
        read_axis(in, Axis::cpu, table.cpu_khz, of_table), read_axis(in, Axis::gpu, table.gpu_khz, of_table),
        read_axis(in, Axis::emc, table.emc_khz, of_table)};
    auto space = ModeSpace::make(in.name(), std::move(axes), spec.gpu.sms);
    in.done();
    if (!space) in.fail("", space.error().message);
    if (in.failed()) return;
    spec.mode_spaces.push_back(*std::move(space));
    spec.mode_space_tables.push_back(table.name);
  }
}

Preset read_preset(SourcedReader& in, const DeviceSpec& spec) {
  const ClockTable& table = read_table_of(in, spec.clock_tables);
  Preset preset;
  preset.name = in.name();
  preset.clock_table = table.name;
  preset.id = in.integer("id", 0, 1000);
  preset.mode.cores = in.integer("cores", 1, spec.cpu.cores);
  preset.mode.cpu_khz = in.integer("cpu_khz", 1, top_khz);
  preset.mode.gpu_khz = in.integer("gpu_khz", 1, top_khz);
  preset.mode.emc_khz = in.integer("emc_khz", 1, top_khz);
  preset.mode.active_sms = in.integer("active_sms", 1, spec.gpu.sms);
  preset.nominal_power_w = in.number("nominal_power_w", watts);
  const std::string of_table = fmt::format("in clock table '{}'", table.name);
  expect_known(in, "cpu_khz", preset.mode.cpu_khz, table.cpu_khz, of_table);
  expect_known(in, "gpu_khz", preset.mode.gpu_khz, table.gpu_khz, of_table);
  expect_known(in, "emc_khz", preset.mode.emc_khz, table.emc_khz, of_table);
  in.done();
  return preset;
}

// A board of the user's own may have none.
std::vector<Preset> read_presets(SourcedReader& file, const DeviceSpec& spec) {
  std::vector<Preset> presets;
  if (!file.has("presets")) return presets;
  for (SourcedReader& in : file.group("presets")) {
    presets.push_back(read_preset(in, spec));
    const auto twin = std::find_if(presets.begin(), presets.end() - 1, [&](const Preset& other) {
      return other.id == presets.back().id && other.clock_table == presets.back().clock_table;
    });
    if (twin != presets.end() - 1)
      in.fail("id", fmt::format("{} is the id of preset '{}' too", twin->id, twin->name));
  }
  return presets;
}

PowerDomain read_domain(SourcedReader in) {
  PowerDomain domain;
  domain.voltage_floor = in.number("voltage_floor", between(0, 1));
  domain.leakage_w = in.number("leakage_w", watts);
  domain.clock_w = in.number("clock_w", watts);
  domain.clock_idle_fraction = in.number("clock_idle_fraction", share);
  in.done();
  return domain;
}

std::vector<Rail> read_rails(SourcedReader& power) {
  std::vector<Rail> rails;
  for (SourcedReader& in : power.group("rails")) {
    Rail rail;
    rail.name = in.name();
    rail.gpu_share = in.number("gpu_share", share);
    rail.cpu_share = in.number("cpu_share", share);
    rail.memory_share = in.number("memory_share", share);
    rail.board_share = in.number("board_share", share);
    in.done();
    rails.push_back(std::move(rail));
  }
  if (rails.size() > sim::max_rails) {
    power.fail("rails", fmt::format("{} rails; at most {} are accepted", rails.size(), sim::max_rails));
  }
  return rails;
}

void expect_whole(SourcedReader& power, const std::vector<Rail>& rails, double Rail::*part,
                  const char* name) {
  const double sum = std::accumulate(rails.begin(), rails.end(), 0.0,
                                     [&](double so_far, const Rail& rail) { return so_far + rail.*part; });
  if (!about_equal(sum, 1)) {
    power.fail("rails", fmt::format("{} sums to {} over the rails; 1 is expected", name, shortest(sum)));
  }
}

// One number for each precision that the GPU has beside FP32.
RelativeFlopEnergy read_relative_flop_energy(SourcedReader& power, const Gpu& gpu) {
  RelativeFlopEnergy relative;
  const auto has = [&](Precision precision) { return gpu.flop_per_clock_per_sm(precision) > 0; };
  const bool any = std::any_of(all_precisions.begin() + 1, all_precisions.end(), has);
  if (!any) return relative;
  SourcedReader in = power.object("relative_flop_energy");
  const auto read = [&](Precision precision, double& value) {
    if (has(precision)) value = in.number(name_of(precision), above(0, 100));
  };
  read(Precision::tf32, relative.tf32);
  read(Precision::fp16, relative.fp16);
  read(Precision::bf16, relative.bf16);
  read(Precision::int8, relative.int8);
  in.done();
  return relative;
}

PowerParameters read_power(SourcedReader in, const Gpu& gpu) {
  PowerParameters power;
  power.kind = in.choice("kind", {"module rails", "board meter", "wall"});
  power.gpu = read_domain(in.object("gpu"));
  power.cpu = read_domain(in.object("cpu"));
  power.gpu_gap_fraction = in.number("gpu_gap_fraction", share);
  power.memory_idle_w = in.number("memory_idle_w", watts);
  power.board_w = in.number("board_w", watts);
  power.energy_per_flop_pj = in.number("energy_per_flop_pj", between(0, 1'000'000));
  power.relative_flop_energy = read_relative_flop_energy(in, gpu);
  power.energy_per_byte_pj = in.number("energy_per_byte_pj", between(0, 1'000'000));
  power.rails = read_rails(in);
  expect_whole(in, power.rails, &Rail::gpu_share, "gpu_share");
  expect_whole(in, power.rails, &Rail::cpu_share, "cpu_share");
  expect_whole(in, power.rails, &Rail::memory_share, "memory_share");
  expect_whole(in, power.rails, &Rail::board_share, "board_share");
  in.done();
  return power;
}

Switching read_switching(SourcedReader in) {
  Switching switching;
  switching.mode_switch_ms = in.number("mode_switch_ms", between(0, 1e6));
  switching.settle_s = in.number("settle_s", between(0, 3600));
  switching.reboot_s = in.number("reboot_s", between(0, 86'400));
  in.done();
  return switching;
}

// Hardware and clock tables first: the rest is checked against them.
void read_board(SourcedReader& file, DeviceSpec& spec) {
  spec.name = file.name();
  spec.title = file.name("title");
  spec.aliases = file.names("aliases");
  spec.gpu = read_gpu(file.object("gpu"));
  if (file.has("dla")) spec.dla = read_dla(file.object("dla"));
  spec.cpu = read_cpu(file.object("cpu"));
  spec.memory = read_memory(file.object("memory"));
  spec.clock_tables = read_clock_tables(file);
}

void read_modes_and_costs(SourcedReader& file, DeviceSpec& spec) {
  read_mode_spaces(file, spec);
  if (file.failed()) return;
  spec.presets = read_presets(file, spec);
  spec.power = read_power(file.object("power"), spec.gpu);
  spec.stacks = read_stacks(file, spec);
  spec.switching = read_switching(file.object("switching"));
  if (file.has("thermal")) spec.thermal = read_thermal(file.object("thermal"));
  if (file.has("sensor")) spec.sensor = read_sensor(file.object("sensor"), spec.power.rails);
  file.done();
}

}  // namespace

Result<DeviceSpec> parse_device_spec(const std::string& text, const std::string& name) {
  const auto json = parse_json(text, name);
  if (!json) return json.error();
  MaybeError error;
  ObjectReader root(*json, name, error);
  root.choice("schema", {"wattline-device/1"});
  if (root.has("confidence") || root.has("source"))
    root.fail("", "one provenance for the whole file is not accepted");

  DeviceSpec spec;
  SourcedReader file(std::move(root), "", std::nullopt, spec.provenance);
  if (!error) read_board(file, spec);
  if (!error) read_modes_and_costs(file, spec);
  if (error) return *error;
  spec.text = text;
  return spec;
}

}  // namespace wattline::devices
