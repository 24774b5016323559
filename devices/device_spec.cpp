#include "devices/device_spec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "devices/embedded_files.hpp"
#include "sim/base/strict_json.hpp"
#include "sim/base/text.hpp"

namespace wattline::devices {

namespace {

// "orin-agx-64gb" of "orin-agx-64gb.json".
std::string stem(const std::string& file_name) {
  return file_name.substr(0, file_name.rfind('.'));
}

std::int32_t top_clock(const DeviceSpec& spec, std::vector<std::int32_t> ClockTable::*clocks) {
  std::int32_t top = 0;
  for (const ClockTable& table : spec.clock_tables) top = std::max(top, (table.*clocks).back());
  return top;
}

struct Knob {
  std::int32_t PowerMode::*value;
  const char* key;
  const char* phrase;  // "gpu_khz 1300000 is not ... of orin-agx-64gb"
  Axis axis;
};

constexpr Knob knobs[] = {
    {&PowerMode::cores, "cores", "a core count", Axis::cores},
    {&PowerMode::cpu_khz, "cpu_khz", "a CPU clock", Axis::cpu},
    {&PowerMode::gpu_khz, "gpu_khz", "a GPU clock", Axis::gpu},
    {&PowerMode::emc_khz, "emc_khz", "an EMC clock", Axis::emc},
};

// "gpu_khz 1300000 is not a GPU clock of orin-agx-64gb; nearest: ..." or empty when it is one.
std::string fault_of_value(const DeviceSpec& spec, const std::set<std::int32_t>& accepted, std::int32_t value,
                           const char* key, const char* phrase) {
  if (accepted.contains(value)) return {};
  const std::vector<std::int32_t> ascending(accepted.begin(), accepted.end());
  return fmt::format("{} {} is not {} of {}; nearest: {}", key, value, phrase, spec.name,
                     nearest_values(ascending, value));
}

std::string fault_of_knob(const DeviceSpec& spec, const PowerMode& mode, const Knob& knob) {
  std::set<std::int32_t> accepted;
  for (const ModeSpace& space : spec.mode_spaces) {
    accepted.insert(space.axis(knob.axis).begin(), space.axis(knob.axis).end());
  }
  for (const Preset& preset : spec.presets) accepted.insert(preset.mode.*knob.value);
  return fault_of_value(spec, accepted, mode.*knob.value, knob.key, knob.phrase);
}

// Gated SMs come with presets only, so a number that is right for another mode is explained.
std::string fault_of_sms(const DeviceSpec& spec, const PowerMode& mode) {
  std::set<std::int32_t> accepted;
  for (const ModeSpace& space : spec.mode_spaces) accepted.insert(space.active_sms());
  std::vector<std::string> same_sms;
  for (const Preset& preset : spec.presets) {
    accepted.insert(preset.mode.active_sms);
    if (preset.mode.active_sms != mode.active_sms) continue;
    same_sms.push_back(fmt::format("{} = {}", preset.name, to_text(preset.mode, spec.gpu.sms)));
  }
  const std::string fault =
      fault_of_value(spec, accepted, mode.active_sms, "active_sms", "a number of active SMs");
  if (!fault.empty() || mode.active_sms == spec.gpu.sms) return fault;
  return fmt::format("active_sms {} exists on {} in presets only: {}; any other mode has {}", mode.active_sms,
                     spec.name, joined(same_sms), spec.gpu.sms);
}

using Clocks = std::vector<std::int32_t> ClockTable::*;

// Whether a clock is what it was, or lower and in a table.
bool is_lowered(const DeviceSpec& spec, Clocks clocks, std::int32_t from_khz, std::int32_t to_khz) {
  if (to_khz >= from_khz) return to_khz == from_khz;
  return std::any_of(spec.clock_tables.begin(), spec.clock_tables.end(), [&](const ClockTable& table) {
    return std::binary_search((table.*clocks).begin(), (table.*clocks).end(), to_khz);
  });
}

bool lowers_to(const DeviceSpec& spec, const PowerMode& asked, const PowerMode& mode) {
  PowerMode clocked = asked;
  clocked.cpu_khz = mode.cpu_khz;
  clocked.gpu_khz = mode.gpu_khz;
  clocked.emc_khz = mode.emc_khz;
  return clocked == mode && is_lowered(spec, &ClockTable::cpu_khz, asked.cpu_khz, mode.cpu_khz) &&
         is_lowered(spec, &ClockTable::gpu_khz, asked.gpu_khz, mode.gpu_khz) &&
         is_lowered(spec, &ClockTable::emc_khz, asked.emc_khz, mode.emc_khz);
}

}  // namespace

double Gpu::flop_per_clock_per_sm(Precision precision) const {
  switch (precision) {
    case Precision::fp32:
      return fp32_flop_per_clock_per_sm;
    case Precision::tf32:
      return tf32_flop_per_clock_per_sm;
    case Precision::fp16:
      return fp16_flop_per_clock_per_sm;
    case Precision::bf16:
      return bf16_flop_per_clock_per_sm;
    case Precision::int8:
      return int8_op_per_clock_per_sm;
  }
  return 0;
}

double Dla::flop_per_s(Precision precision) const {
  return precision == Precision::int8 ? engines * int8_op_per_s_each : 0;
}

double RelativeFlopEnergy::of(Precision precision) const {
  switch (precision) {
    case Precision::fp32:
      return 1;
    case Precision::tf32:
      return tf32;
    case Precision::fp16:
      return fp16;
    case Precision::bf16:
      return bf16;
    case Precision::int8:
      return int8;
  }
  return 1;
}

std::int32_t DeviceSpec::max_gpu_khz() const {
  return top_clock(*this, &ClockTable::gpu_khz);
}
std::int32_t DeviceSpec::max_cpu_khz() const {
  return top_clock(*this, &ClockTable::cpu_khz);
}
std::int32_t DeviceSpec::max_emc_khz() const {
  return top_clock(*this, &ClockTable::emc_khz);
}

Result<DeviceSpec> read_device_spec(const std::string& path) {
  const auto text = read_text_file(path);
  if (!text) return text.error();
  return parse_device_spec(*text, path);
}

std::vector<std::string> device_names() {
  std::vector<std::string> names;
  for (const EmbeddedFile& spec : embedded_specs()) names.push_back(stem(spec.file_name));
  std::sort(names.begin(), names.end());
  return names;
}

Result<DeviceSpec> find_device(const std::string& name) {
  for (const EmbeddedFile& spec : embedded_specs()) {
    if (stem(spec.file_name) == name) return parse_device_spec(spec.text, "built-in " + spec.file_name);
  }
  // Aliases are read only now: most names are in the list above.
  std::vector<std::string> known = device_names();
  for (const EmbeddedFile& embedded : embedded_specs()) {
    auto spec = parse_device_spec(embedded.text, "built-in " + embedded.file_name);
    if (!spec) return spec;
    if (std::count(spec->aliases.begin(), spec->aliases.end(), name) > 0) return spec;
    known.insert(known.end(), spec->aliases.begin(), spec->aliases.end());
  }
  return bad_input(unknown_name_message("device", name, known));
}

Result<ModeSpace> find_mode_space(const DeviceSpec& spec, const std::string& name) {
  std::vector<std::string> known;
  for (const ModeSpace& space : spec.mode_spaces) {
    if (space.name() == name) return space;
    known.push_back(space.name());
  }
  return bad_input(unknown_name_message("mode space of " + spec.name, name, known));
}

Result<Preset> find_preset(const DeviceSpec& spec, const std::string& name) {
  std::vector<std::string> known;
  for (const Preset& preset : spec.presets) {
    if (preset.name == name) return preset;
    known.push_back(preset.name);
  }
  return bad_input(unknown_name_message("preset of " + spec.name, name, known));
}

Result<SoftwareStack> find_stack(const DeviceSpec& spec, const std::string& name) {
  if (name.empty()) return spec.stacks.front();
  std::vector<std::string> known;
  for (const SoftwareStack& stack : spec.stacks) {
    if (stack.name == name) return stack;
    known.push_back(stack.name);
  }
  return bad_input(unknown_name_message("software stack of " + spec.name, name, known));
}

std::vector<Preset> presets_of(const DeviceSpec& spec, const ModeSpace& space) {
  std::vector<Preset> presets;
  for (std::size_t i = 0; i < spec.mode_spaces.size(); ++i) {
    if (spec.mode_spaces[i].name() != space.name()) continue;
    for (const Preset& preset : spec.presets) {
      if (preset.clock_table == spec.mode_space_tables[i]) presets.push_back(preset);
    }
  }
  return presets;
}

MaybeError check_mode(const DeviceSpec& spec, const PowerMode& mode) {
  for (const ModeSpace& space : spec.mode_spaces) {
    if (space.find(mode)) return std::nullopt;
  }
  for (const Preset& preset : spec.presets) {
    if (preset.mode == mode) return std::nullopt;
  }
  for (const Knob& knob : knobs) {
    const std::string fault = fault_of_knob(spec, mode, knob);
    if (!fault.empty()) return bad_input(fault);
  }
  const std::string fault = fault_of_sms(spec, mode);
  if (!fault.empty()) return bad_input(fault);
  // Every value is known, but not together: they come from different spaces.
  return bad_input(fmt::format("{} is no mode of {}: {}", to_text(mode, spec.gpu.sms), spec.name,
                               spec.mode_spaces.front().why_absent(mode)));
}

MaybeError check_mode_in_force(const DeviceSpec& spec, const PowerMode& mode) {
  auto error = check_mode(spec, mode);
  if (!error) return std::nullopt;
  for (const ModeSpace& space : spec.mode_spaces) {
    PowerMode top = mode;
    top.cpu_khz = space.axis(Axis::cpu).back();
    top.gpu_khz = space.axis(Axis::gpu).back();
    top.emc_khz = space.axis(Axis::emc).back();
    if (space.find(top) && lowers_to(spec, top, mode)) return std::nullopt;
  }
  for (const Preset& preset : spec.presets) {
    if (lowers_to(spec, preset.mode, mode)) return std::nullopt;
  }
  return error;
}

}  // namespace wattline::devices
