// What is known of a board: hardware, clock tables, mode spaces, presets, and the parameters of its
// cost model, each value with where it comes from.
//
// A spec is read from JSON (specs/*.json, embedded in the binary, or a file of the user's own).
// Value type; immutable after reading.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "devices/mode_space.hpp"
#include "devices/power_mode.hpp"
#include "devices/sensor/sensor_spec.hpp"
#include "devices/software_stack.hpp"
#include "devices/thermal/parameters.hpp"
#include "sim/base/result.hpp"

namespace wattline::devices {

struct Gpu {
  std::string architecture;
  std::int32_t sms = 0;
  std::int32_t cuda_cores = 0;
  double fp32_flop_per_clock_per_sm = 0;  // 2 per CUDA core and clock
  // L2 and crossbar limit, in bytes per GPU clock for the whole GPU, whatever number of SMs is active.
  double on_chip_bytes_per_clock = 0;
  // Multiply-accumulates count 2, dense; on tensor cores where there are some. 0: not a precision of this
  // GPU.
  double tf32_flop_per_clock_per_sm = 0;
  double fp16_flop_per_clock_per_sm = 0;
  double bf16_flop_per_clock_per_sm = 0;
  double int8_op_per_clock_per_sm = 0;

  double flop_per_clock_per_sm(Precision precision) const;
};

// Deep learning accelerators beside the GPU. They run at a clock of their own, which no power mode here
// sets, and are used in INT8, the only precision that NVIDIA publishes a total of for every board.
struct Dla {
  std::int32_t engines = 0;       // 0: none
  double int8_op_per_s_each = 0;  // dense

  // Of all engines together; 0 for a precision that they do not have.
  double flop_per_s(Precision precision) const;
};

struct Cpu {
  std::string type;
  std::int32_t cores = 0;
  double relative_ipc = 0;  // work per clock of one core; Cortex-A78AE = 1
};

struct Memory {
  std::string type;
  std::int32_t bus_bits = 0;
  double bytes_per_clock = 0;      // DRAM bus, per EMC clock (bus_bits / 4)
  double achievable_fraction = 0;  // of the bus rate, by a streaming GPU kernel
};

// One firmware's set of clock tables; ascending.
struct ClockTable {
  std::string name;
  std::vector<std::int32_t> cpu_khz;
  std::vector<std::int32_t> gpu_khz;
  std::vector<std::int32_t> emc_khz;
};

struct Preset {
  std::string name;
  std::string clock_table;
  std::int32_t id = 0;         // of nvpmodel
  PowerMode mode;              // with the preset's active SMs
  double nominal_power_w = 0;  // of the name ("MODE_30W"); 0: none, as for MAXN
};

// Power of one clock domain at a clock f, with V(f) = voltage_floor + (1 - voltage_floor) * f / f_max
// (relative to the voltage at f_max):
//   leakage_w * V^2  always;  clock_w * (f / f_max) * V^2  while the domain is busy.
// For the CPU both are per core and leakage counts every online core; for the GPU both are of all SMs
// and scale with the share that is active.
struct PowerDomain {
  double voltage_floor = 1;
  double leakage_w = 0;
  double clock_w = 0;
  double clock_idle_fraction = 0;  // share of clock_w that is drawn while the domain is idle
};

// A measured rail and the share of each domain's power that it carries; over all rails each
// domain's shares sum to 1.
struct Rail {
  std::string name;
  double gpu_share = 0;
  double cpu_share = 0;
  double memory_share = 0;
  double board_share = 0;
};

// Energy of a FLOP relative to one in FP32, by precision; FP32 and what the GPU does not have: 1.
struct RelativeFlopEnergy {
  double tf32 = 1;
  double fp16 = 1;
  double bf16 = 1;
  double int8 = 1;

  double of(Precision precision) const;
};

struct PowerParameters {
  std::string kind;  // what is predicted: "module rails", "board meter", "wall"
  PowerDomain gpu;
  PowerDomain cpu;
  // Share of the GPU's clock power that is drawn between the kernels of a running minibatch, when the
  // CPU launches them too slowly; an idle device draws clock_idle_fraction.
  double gpu_gap_fraction = 0;
  double memory_idle_w = 0;       // at the top EMC clock; scales with the clock
  double board_w = 0;             // constant
  double energy_per_flop_pj = 0;  // FP32 at the top GPU voltage; scales with V^2
  RelativeFlopEnergy relative_flop_energy;
  double energy_per_byte_pj = 0;  // DRAM byte
  std::vector<Rail> rails;
};

// Costs that policies pay to observe a mode.
struct Switching {
  double mode_switch_ms = 0;  // from writing the clocks to the new mode in force
  double settle_s = 0;        // discarded before a power reading is valid
  double reboot_s = 0;        // between presets with different SM masks
};

// Where one value of the spec comes from.
struct Provenance {
  std::string field;       // "power.gpu.leakage_w"
  std::string value;       // as text
  std::string confidence;  // "datasheet", "measured", "fitted", "public", "estimated"
  std::string source;
};

struct DeviceSpec {
  std::string name;  // "orin-agx-64gb"
  std::string title;
  std::string text;                  // the JSON that it was read from
  std::vector<std::string> aliases;  // shorter names that mean this board ("orin-agx")
  Gpu gpu;
  Dla dla;
  Cpu cpu;
  Memory memory;
  std::vector<ClockTable> clock_tables;        // the first is the default
  std::vector<ModeSpace> mode_spaces;          // the first is the default
  std::vector<std::string> mode_space_tables;  // clock table of each mode space
  std::vector<Preset> presets;
  PowerParameters power;
  std::vector<SoftwareStack> stacks;  // the first is the default; never empty
  Switching switching;
  std::optional<ThermalParameters> thermal;  // none: no thermal model of this board
  std::optional<SensorSpec> sensor;          // none: not known of this board
  std::vector<Provenance> provenance;        // in the order of the fields above

  std::int32_t max_gpu_khz() const;  // over all clock tables
  std::int32_t max_cpu_khz() const;
  std::int32_t max_emc_khz() const;
};

// `name` is what messages call the text.
Result<DeviceSpec> parse_device_spec(const std::string& text, const std::string& name);
Result<DeviceSpec> read_device_spec(const std::string& path);

// The embedded specs, in a fixed order, and one of them by its name or an alias (an unknown one is an
// error that names the nearest).
std::vector<std::string> device_names();
Result<DeviceSpec> find_device(const std::string& name);

Result<ModeSpace> find_mode_space(const DeviceSpec& spec, const std::string& name);
Result<Preset> find_preset(const DeviceSpec& spec, const std::string& name);

// By name; the default one where it is empty.
Result<SoftwareStack> find_stack(const DeviceSpec& spec, const std::string& name);

// The presets that exist beside `space` (same clock table).
std::vector<Preset> presets_of(const DeviceSpec& spec, const ModeSpace& space);

// Whether `mode` may be asked for: it is in one of the mode spaces or is a preset. An error says
// which knob is wrong and what is accepted.
MaybeError check_mode(const DeviceSpec& spec, const PowerMode& mode);

// Whether the board ever runs in `mode`: it may be asked for, or throttling (devices/thermal/clock_caps.hpp)
// or a limit (devices/clock_limits.hpp) makes it of a mode that may: cores and active SMs are that one's, no
// clock is higher, and one that is lower is in a clock table. Errors are those of check_mode().
MaybeError check_mode_in_force(const DeviceSpec& spec, const PowerMode& mode);

}  // namespace wattline::devices
