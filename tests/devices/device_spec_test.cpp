#include "devices/device_spec.hpp"

#include <algorithm>
#include <set>
#include <string>

#include "sim/base/text.hpp"
#include "tests/catch.hpp"
#include "tests/devices/built_in_board.hpp"

namespace wattline::devices {
namespace {

ModeSpace space_of(const std::string& device, const std::string& name) {
  const auto space = find_mode_space(board(device), name);
  REQUIRE(space.ok());
  return *space;
}

void check_preset(const std::string& device, const std::string& name, const PowerMode& expected,
                  double power_w) {
  INFO(device << " " << name);
  const auto preset = find_preset(board(device), name);
  REQUIRE(preset.ok());
  CHECK(preset->mode == expected);
  CHECK(preset->nominal_power_w == power_w);
}

// `part` and `other` stand in `text`.
void expect_mention(const std::string& text, const std::string& part, const std::string& other = "") {
  CAPTURE(text, part, other);
  CHECK(text.find(part) != std::string::npos);
  CHECK(text.find(other) != std::string::npos);
}

struct Published {
  const char* device;
  double fp32_tflops;
  double gb_per_s;
};

// NVIDIA's published peaks.
constexpr Published published[] = {{"orin-agx-64gb", 5.33, 204.8}, {"orin-agx-32gb", 3.34, 204.8},
                                   {"orin-nx-16gb", 1.88, 102.4},  {"orin-nx-16gb-super", 2.40, 102.4},
                                   {"orin-nx-8gb", 1.57, 102.4},   {"orin-nx-8gb-super", 2.40, 102.4},
                                   {"orin-nano-8gb", 1.28, 68.3},  {"orin-nano-8gb-super", 2.09, 102.4},
                                   {"orin-nano-4gb", 0.64, 34.1},  {"orin-nano-4gb-super", 1.04, 51.2},
                                   {"agx-xavier", 1.41, 136.5},    {"xavier-nx", 0.85, 59.7},
                                   {"jetson-nano", 0.236, 25.6},   {"jetson-tx2", 0.666, 59.7}};

TEST_CASE("The fourteen built-in boards are named, and each reads") {
  const auto names = device_names();
  CHECK(names.size() == 14);
  for (const Published& row : published) CHECK(std::count(names.begin(), names.end(), row.device) == 1);
  for (const std::string& name : names) CHECK(board(name).name == name);
}

TEST_CASE("Every board has its published FP32 and DRAM peaks") {
  for (const Published& row : published) {
    INFO(row.device);
    const DeviceSpec spec = board(row.device);
    const double flop_per_s = spec.gpu.sms * spec.gpu.fp32_flop_per_clock_per_sm * spec.max_gpu_khz() * 1e3;
    const double bytes_per_s = spec.memory.bytes_per_clock * spec.max_emc_khz() * 1e3;
    CHECK(flop_per_s / 1e12 == Approx(row.fp32_tflops).epsilon(0.01));
    CHECK(bytes_per_s / 1e9 == Approx(row.gb_per_s).epsilon(0.01));
  }
}

TEST_CASE("Mode spaces have the mode counts of the studies that used them") {
  CHECK(space_of("orin-agx-64gb", "full").size() == 18'096);
  CHECK(space_of("orin-agx-64gb", "fulcrum").size() == 441);
  CHECK(space_of("orin-agx-64gb", "powertrain").size() == 4'368);
  CHECK(space_of("orin-agx-64gb", "jetpack6").size() == 15'312);
  CHECK(space_of("agx-xavier", "full").size() == 29'232);
  CHECK(space_of("orin-nano-8gb", "full").size() == 1'800);
  CHECK(space_of("orin-nano-8gb", "powertrain").size() == 180);
  CHECK(space_of("jetson-tx2", "flexibo").size() == 768);
}

TEST_CASE("The default mode space of every board is the full one of the default clock table") {
  for (const std::string& name : device_names()) {
    const DeviceSpec spec = board(name);
    CHECK(spec.mode_spaces.front().name() == "full");
    CHECK(spec.mode_space_tables.front() == spec.clock_tables.front().name);
    CHECK(spec.mode_space_tables.size() == spec.mode_spaces.size());
  }
}

TEST_CASE("MAXN is the last mode of the Fulcrum grid, and its midpoint is where GMD starts") {
  const ModeSpace space = space_of("orin-agx-64gb", "fulcrum");
  CHECK(space.at(440) == PowerMode{12, 2'201'600, 1'300'500, 3'199'000, 16});
  CHECK(space.at(0) == PowerMode{4, 422'400, 114'750, 665'600, 16});
  CHECK(space.at(ModeCoordinates{1, 3, 3, 1}) == PowerMode{8, 1'344'000, 726'750, 2'133'000, 16});
}

TEST_CASE("The grids of both studies are part of the full mode space") {
  const ModeSpace full = space_of("orin-agx-64gb", "full");
  for (const char* name : {"fulcrum", "powertrain"}) {
    const ModeSpace grid = space_of("orin-agx-64gb", name);
    for (std::size_t i = 0; i < grid.size(); ++i) REQUIRE(full.find(grid.at(i)).has_value());
  }
}

TEST_CASE("Presets of AGX Orin 64GB gate SMs and follow the clock table of their JetPack") {
  check_preset("orin-agx-64gb", "MAXN", {12, 2'201'600, 1'300'500, 3'199'000, 16}, 0);
  check_preset("orin-agx-64gb", "MODE_50W", {12, 1'497'600, 828'750, 3'199'000, 16}, 50);
  check_preset("orin-agx-64gb", "MODE_30W", {8, 1'728'000, 624'750, 3'199'000, 8}, 30);
  check_preset("orin-agx-64gb", "MODE_15W", {4, 1'113'600, 420'750, 2'133'000, 6}, 15);
  check_preset("orin-agx-64gb", "MODE_50W_JP6", {12, 1'497'600, 816'000, 3'199'000, 16}, 50);
  check_preset("orin-agx-64gb", "MODE_30W_JP6", {8, 1'728'000, 612'000, 3'199'000, 8}, 30);
  check_preset("orin-agx-64gb", "MODE_15W_JP6", {4, 1'113'600, 408'000, 2'133'000, 6}, 15);
}

TEST_CASE("Presets of the other boards are those of NVIDIA's nvpmodel") {
  check_preset("orin-agx-32gb", "MODE_40W", {8, 1'497'600, 816'000, 3'199'000, 14}, 40);
  check_preset("orin-nx-16gb", "25W", {8, 1'497'600, 408'000, 3'199'000, 8}, 25);
  check_preset("orin-nx-16gb", "10W", {4, 1'190'400, 612'000, 2'133'000, 4}, 10);
  check_preset("orin-nx-8gb-super", "MAXN_SUPER", {6, 1'984'000, 1'173'000, 3'199'000, 8}, 0);
  check_preset("orin-nano-8gb", "15W", {6, 1'510'400, 624'750, 2'133'000, 8}, 15);
  check_preset("orin-nano-8gb", "7W", {4, 960'000, 408'000, 2'133'000, 4}, 7);
  check_preset("orin-nano-8gb-super", "25W", {6, 1'344'000, 918'000, 3'199'000, 8}, 25);
  check_preset("orin-nano-4gb", "7W_CPU", {4, 960'000, 306'000, 2'133'000, 4}, 7);
  check_preset("agx-xavier", "MODE_10W", {2, 1'190'400, 522'750, 1'065'600, 4}, 10);
  check_preset("agx-xavier", "MODE_30W_4CORE", {4, 1'728'000, 905'250, 1'600'000, 8}, 30);
  check_preset("xavier-nx", "MODE_20W_6CORE", {6, 1'420'800, 1'109'250, 1'866'000, 6}, 20);
  check_preset("jetson-tx2", "MAXN", {6, 2'035'200, 1'300'500, 1'866'000, 2}, 0);
  check_preset("jetson-tx2", "MAXQ", {4, 1'113'600, 854'250, 1'331'200, 2}, 7.5);
  check_preset("jetson-nano", "5W", {2, 825'600, 614'400, 1'600'000, 1}, 5);
}

TEST_CASE("Presets are offered beside the mode spaces of their own clock table only") {
  const DeviceSpec spec = board("orin-agx-64gb");
  const auto beside = [&](const char* space) {
    std::vector<std::string> names;
    for (const Preset& preset : presets_of(spec, *find_mode_space(spec, space))) names.push_back(preset.name);
    return joined(names);
  };
  CHECK(beside("full") == "MAXN, MODE_15W, MODE_30W, MODE_50W");
  CHECK(beside("fulcrum") == "MAXN, MODE_15W, MODE_30W, MODE_50W");
  CHECK(beside("jetpack6") == "MAXN_JP6, MODE_15W_JP6, MODE_30W_JP6, MODE_50W_JP6");
}

TEST_CASE("Every value of every board says where it comes from") {
  const std::set<std::string> known = {"datasheet", "measured", "fitted", "public", "estimated"};
  for (const std::string& name : device_names()) {
    INFO(name);
    const DeviceSpec spec = board(name);
    std::set<std::string> fields;
    for (const Provenance& entry : spec.provenance) {
      INFO(entry.field);
      CHECK(fields.insert(entry.field).second);
      CHECK(known.contains(entry.confidence));
      CHECK(entry.source.size() > 10);
      CHECK_FALSE(entry.value.empty());
    }
    for (const char* field :
         {"gpu.sms", "gpu.on_chip_bytes_per_clock", "cpu.relative_ipc", "memory.bytes_per_clock",
          "power.kind", "power.gpu.leakage_w", "power.cpu.voltage_floor", "power.board_w",
          "power.energy_per_byte_pj", "stacks.pytorch-fp32.launch_cycles_per_operator",
          "stacks.pytorch-fp32.typical.compute", "stacks.pytorch-fp32.by_workload.lstm.energy",
          "stacks.tensorrt-fp16.precision", "switching.reboot_s", "thermal.die_k_per_w",
          "thermal.software_throttle.trip_c"}) {
      CHECK(fields.contains(field));
    }
    // 5 of the GPU, 3 CPU, 4 memory, 4 + 4 power domains, 6 other power, 3 switching; two for each precision
    // beside FP32 (rate, energy); 4 + 2 launch + 3 typical of a stack.
    std::size_t values = 29 + 3 * spec.clock_tables.size() + 4 * spec.mode_spaces.size() +
                         7 * spec.presets.size() + 4 * spec.power.rails.size() + 9 * spec.stacks.size();
    for (const Precision precision : all_precisions) {
      if (precision != Precision::fp32 && spec.gpu.flop_per_clock_per_sm(precision) > 0) values += 2;
    }
    if (spec.dla.engines > 0) values += 2;
    if (spec.sensor) values += 3 + 3 * spec.sensor->channels.size();
    for (const SoftwareStack& stack : spec.stacks) values += 3 * stack.by_workload.size();
    // 5 of the heat path, 4 of software throttling, 1 of the shutdown.
    REQUIRE(spec.thermal.has_value());
    values += 10;
    if (spec.thermal->fan) values += 2 + 3 * spec.thermal->fan->profiles.size();
    if (spec.thermal->hardware) values += 3;
    if (spec.thermal->over_current) values += 3;
    CHECK(fields.size() == values);
  }
}

TEST_CASE("Provenance carries the value, and the nearest confidence and source") {
  const DeviceSpec spec = board("orin-nano-8gb-super");
  const auto entry = [&](const std::string& field) {
    return *std::find_if(spec.provenance.begin(), spec.provenance.end(),
                         [&](const Provenance& candidate) { return candidate.field == field; });
  };
  CHECK(entry("presets.7W.active_sms").value == "4");
  CHECK(entry("presets.7W.active_sms").confidence == "estimated");
  CHECK(entry("presets.7W.cores").confidence == "public");
  CHECK(entry("clock_tables.default.emc_khz").value == "[204000,665600,2133000,3199000]");
}

TEST_CASE("Unknown names are answered with the nearest known one") {
  const DeviceSpec spec = board("orin-agx-64gb");
  const auto message = [](const auto& result) {
    return result.ok() ? std::string() : result.error().message;
  };
  expect_mention(message(find_device("orin-agx-64g")), "did you mean 'orin-agx-64gb'?");
  expect_mention(message(find_mode_space(spec, "fulcrums")), "did you mean 'fulcrum'?");
  expect_mention(message(find_preset(spec, "MODE_60W")), "preset of orin-agx-64gb, did you mean 'MODE_");
  expect_mention(message(read_device_spec("/no/such/board.json")), "/no/such/board.json");
}

TEST_CASE("A mode is accepted when it is in a mode space or a preset") {
  const DeviceSpec spec = board("orin-agx-64gb");
  for (const Preset& preset : spec.presets) CHECK_FALSE(check_mode(spec, preset.mode).has_value());
  CHECK_FALSE(check_mode(spec, {1, 115'200, 114'750, 204'000, 16}).has_value());
  CHECK_FALSE(check_mode(spec, {1, 115'200, 408'000, 204'000, 16}).has_value());
}

TEST_CASE("A refused mode is explained by the board, the knob, the value and its neighbours") {
  const DeviceSpec spec = board("orin-agx-64gb");
  const auto message = [&](const PowerMode& mode) {
    const MaybeError error = check_mode(spec, mode);
    return error ? error->message : std::string();
  };
  CHECK(message({12, 2'201'600, 1'300'000, 3'199'000, 16}) ==
        "gpu_khz 1300000 is not a GPU clock of orin-agx-64gb; nearest: 1236750, 1300500");
  CHECK(message({13, 2'201'600, 1'300'500, 3'199'000, 16}) ==
        "cores 13 is not a core count of orin-agx-64gb; nearest: 12");
  CHECK(message({12, 100, 1'300'500, 3'199'000, 16}) ==
        "cpu_khz 100 is not a CPU clock of orin-agx-64gb; nearest: 115200");
  CHECK(message({12, 2'201'600, 1'300'500, 1'600'000, 16}) ==
        "emc_khz 1600000 is not an EMC clock of orin-agx-64gb; nearest: 665600, 2133000");
  CHECK(message({12, 2'201'600, 1'300'500, 3'199'000, 7}) ==
        "active_sms 7 is not a number of active SMs of orin-agx-64gb; nearest: 6, 8");
  expect_mention(
      message({12, 2'201'600, 1'300'500, 3'199'000, 8}),
      "active_sms 8 exists on orin-agx-64gb in presets only: MODE_30W = 8c/1728000/624750/3199000/8sm");
}

// Reading a spec that is wrong: a small board with one part replaced.
constexpr const char* small_board = R"({
  "schema": "wattline-device/1", "name": "toy", "title": "Toy board",
  "gpu": {"confidence": "public", "source": "made up", "architecture": "X", "sms": 2, "cuda_cores": 256,
          "fp32_flop_per_clock_per_sm": 256,
          "on_chip_bytes_per_clock": {"value": 32, "confidence": "estimated", "source": "guess"}},
  "cpu": {"confidence": "public", "source": "made up", "type": "Y", "cores": 4, "relative_ipc": 1},
  "memory": {"confidence": "public", "source": "made up", "type": "Z", "bus_bits": 64, "bytes_per_clock": 16,
             "achievable_fraction": 0.9},
  "clock_tables": {"confidence": "public", "source": "made up", "list": [
    {"name": "t", "cpu_khz": [100, 200], "gpu_khz": [10, 20, 30], "emc_khz": [5]}]},
  "mode_spaces": {"confidence": "public", "source": "made up", "list": [
    {"name": "full", "clock_table": "t", "cores": "all",
     "cpu_khz": "all", "gpu_khz": [10, 30], "emc_khz": "all"}]},
  "presets": {"confidence": "public", "source": "made up", "list": [
    {"name": "LOW", "id": 1, "clock_table": "t", "cores": 2, "cpu_khz": 100, "gpu_khz": 20, "emc_khz": 5,
     "active_sms": 1, "nominal_power_w": 5}]},
  "power": {"confidence": "estimated", "source": "guess", "kind": "wall",
    "gpu": {"voltage_floor": 0.5, "leakage_w": 1, "clock_w": 2, "clock_idle_fraction": 0.1},
    "cpu": {"voltage_floor": 0.5, "leakage_w": 0.1, "clock_w": 1, "clock_idle_fraction": 0},
    "gpu_gap_fraction": 0.5, "memory_idle_w": 1, "board_w": 2, "energy_per_flop_pj": 5, "energy_per_byte_pj": 100,
    "rails": {"list": [
      {"name": "A", "gpu_share": 1, "cpu_share": 0.5, "memory_share": 0, "board_share": 0.25},
      {"name": "B", "gpu_share": 0, "cpu_share": 0.5, "memory_share": 1, "board_share": 0.75}]}},
  "stacks": {"confidence": "estimated", "source": "guess", "list": [
    {"name": "s", "precision": "fp32", "trains": true, "fuses_elementwise": false, "uses_dla": false,
     "launch_cycles_per_operator": 1000,
     "launch_cycles_fixed": 0, "typical": {"compute": 0.5, "memory": 0.5, "energy": 1}}]},
  "switching": {"confidence": "estimated", "source": "guess",
    "mode_switch_ms": 50, "settle_s": 2, "reboot_s": 100}
})";

// The error when `old_part` of the small board is `new_part` instead.
std::string fault_with(const std::string& old_part, const std::string& new_part) {
  std::string text = small_board;
  const auto place = text.find(old_part);
  REQUIRE(place != std::string::npos);
  text.replace(place, old_part.size(), new_part);
  const auto spec = parse_device_spec(text, "toy.json");
  return spec ? "none" : spec.error().message;
}

TEST_CASE("A small board of the user's own reads, presets and per-workload fits being optional") {
  const auto spec = parse_device_spec(small_board, "toy.json");
  INFO((spec ? "" : spec.error().message));
  REQUIRE(spec.ok());
  CHECK(spec->mode_spaces.front().size() == 4 * 2 * 2 * 1);
  CHECK(spec->stacks.front().by_workload.empty());
  CHECK_FALSE(check_mode(*spec, {2, 100, 20, 5, 1}).has_value());
  // 20 kHz is a clock of the preset, not of the mode space.
  const MaybeError refused = check_mode(*spec, {2, 200, 20, 5, 2});
  REQUIRE(refused.has_value());
  expect_mention(refused->message, "gpu_khz 20 is not in mode space 'full'; nearest: 10, 30");
}

TEST_CASE("A misspelt key is refused with the nearest known one") {
  expect_mention(fault_with("\"leakage_w\": 1,", "\"leakage_w\": 1, \"clock_idle_fractoin\": 0,"),
                 "toy.json: power: gpu", "did you mean 'clock_idle_fraction'?");
  expect_mention(fault_with("\"switching\":", "\"swiching\": {}, \"switching\":"),
                 "did you mean 'switching'?");
  expect_mention(fault_with("\"name\": \"A\",", "\"name\": \"A\", \"gpu_shares\": 1,"),
                 "did you mean 'gpu_share'?");
  expect_mention(fault_with("\"source\": \"guess\"}", "\"source\": \"guess\", \"valu\": 1}"),
                 "did you mean 'value'?");
}

TEST_CASE("A number outside its range, or that is not one, is refused") {
  expect_mention(fault_with("\"leakage_w\": 1,", "\"leakage_w\": -1,"),
                 "power: gpu: leakage_w: -1 is not accepted; a number of at least 0");
  expect_mention(fault_with("\"board_w\": 2", "\"board_w\": NaN"), "not valid JSON");
  expect_mention(fault_with("\"board_w\": 2", "\"board_w\": \"NaN\""), "board_w: \"NaN\" is not accepted");
  expect_mention(fault_with("\"board_w\": 2", "\"board_w\": 1e999"), "toy.json");
  expect_mention(fault_with("\"cores\": 4", "\"cores\": 0"), "cpu: cores: 0 is not accepted");
  expect_mention(fault_with("\"cores\": 4", "\"cores\": 4.5"), "cpu: cores: 4.5 is not accepted");
  expect_mention(fault_with("\"value\": 32", "\"value\": 0"), "on_chip_bytes_per_clock: value: 0");
  expect_mention(fault_with("\"kind\": \"wall\"", "\"kind\": \"walls\""), "did you mean 'wall'?");
}

TEST_CASE("Hardware figures that contradict each other are refused") {
  expect_mention(fault_with("\"cuda_cores\": 256", "\"cuda_cores\": 255"),
                 "fp32_flop_per_clock_per_sm: 256 x 2 sms is not 2 FLOP x 255 cuda_cores");
  expect_mention(fault_with("\"bytes_per_clock\": 16", "\"bytes_per_clock\": 32"),
                 "not a quarter of bus_bits 64");
}

TEST_CASE("A stack that the board cannot run is refused") {
  expect_mention(fault_with("\"precision\": \"fp32\"", "\"precision\": \"bf16\""),
                 "stacks: list[0]: precision: bf16 is none of X, which has fp32");
  expect_mention(fault_with("\"precision\": \"fp32\"", "\"precision\": \"fp23\""), "did you mean 'fp32'?");
  expect_mention(fault_with("\"uses_dla\": false", "\"uses_dla\": true"),
                 "uses_dla: the board has no accelerator beside the GPU that computes in fp32");
  expect_mention(fault_with("\"trains\": true", "\"trains\": 1"), "trains: 1 is not accepted; true or false");
  expect_mention(fault_with("\"trains\": true,", ""), "trains: missing");
  expect_mention(fault_with("\"name\": \"s\"", "\"name\": \"s@t\""), "'s@t' has an '@'");
}

TEST_CASE("A precision of the GPU needs its energy, and aliases are names") {
  expect_mention(fault_with("\"sms\": 2,", "\"sms\": 2, \"fp16_flop_per_clock_per_sm\": 512,"),
                 "power: relative_flop_energy: missing");
  expect_mention(fault_with("\"title\":", "\"aliases\": [], \"title\":"), "aliases: a list of names");
  expect_mention(fault_with("\"title\":", "\"aliases\": [1], \"title\":"), "aliases: 1 is no name");
  expect_mention(fault_with("\"title\":", "\"aliases\": \"toys\", \"title\":"), "aliases");
}

TEST_CASE("Rails that do not carry the whole of a domain are refused") {
  expect_mention(fault_with("\"board_share\": 0.75", "\"board_share\": 0.7"),
                 "rails: board_share sums to 0.95 over the rails; 1 is expected");
  expect_mention(fault_with("\"gpu_share\": 0,", "\"gpu_share\": 1,"), "gpu_share sums to 2");
}

TEST_CASE("More rails than the simulation can meter are refused") {
  std::string rails;
  for (int i = 0; i < 8; ++i) {
    rails += "{\"name\": \"R" + std::to_string(i) +
             "\", \"gpu_share\": 0, \"cpu_share\": 0, \"memory_share\": 0, \"board_share\": 0}, ";
  }
  expect_mention(fault_with("{\"name\": \"A\"", rails + "{\"name\": \"A\""),
                 "rails: 10 rails; at most 8 are accepted");
}

TEST_CASE("Clocks must ascend, and mode spaces and presets must lie on them") {
  expect_mention(fault_with("[10, 20, 30]", "[10, 30, 20]"), "clock_tables: list[0]: gpu_khz: 20 follows 30");
  expect_mention(fault_with("[100, 200]", "[100, 100]"), "cpu_khz: 100 follows 100");
  expect_mention(fault_with("\"gpu_khz\": [10, 30]", "\"gpu_khz\": [10, 25]"),
                 "gpu_khz: 25 is not in clock table 't'; nearest: 20, 30");
  expect_mention(fault_with("\"gpu_khz\": [10, 30]", "\"gpu_khz\": [30, 10]"), "10 follows 30");
  expect_mention(fault_with("\"cores\": \"all\"", "\"cores\": [4, 5]"), "cores: 5 is not a core count");
  expect_mention(fault_with("\"cores\": \"all\"", "\"cores\": \"al\""), "\"all\" or a list is expected");
  expect_mention(fault_with("\"gpu_khz\": 20", "\"gpu_khz\": 25"),
                 "presets: list[0]: gpu_khz: 25 is not in clock table 't'; nearest: 20, 30");
  expect_mention(fault_with("\"cores\": 2", "\"cores\": 5"), "cores: 5 is not accepted");
  expect_mention(fault_with("\"active_sms\": 1", "\"active_sms\": 3"), "active_sms: 3 is not accepted");
  expect_mention(fault_with("\"clock_table\": \"t\"", "\"clock_table\": \"u\""), "clock_table");
}

TEST_CASE("Names and preset ids appear once") {
  expect_mention(fault_with("\"name\": \"B\"", "\"name\": \"A\""), "'A' appears twice");
  expect_mention(
      fault_with(
          "\"nominal_power_w\": 5}",
          "\"nominal_power_w\": 5}, {\"name\": \"LOW2\", \"id\": 1, \"clock_table\": \"t\", \"cores\": 2, "
          "\"cpu_khz\": 100, \"gpu_khz\": 20, \"emc_khz\": 5, \"active_sms\": 1, \"nominal_power_w\": 5}"),
      "1 is the id of preset 'LOW' too");
}

TEST_CASE("A value without provenance is refused") {
  expect_mention(fault_with("\"cpu\": {\"confidence\": \"public\", \"source\": \"made up\",", "\"cpu\": {"),
                 "cpu: type: without provenance");
  expect_mention(
      fault_with("{\"value\": 32, \"confidence\": \"estimated\", \"source\": \"guess\"}", "{\"value\": 32}"),
      "on_chip_bytes_per_clock: confidence: missing");
  expect_mention(
      fault_with("\"confidence\": \"estimated\", \"source\": \"guess\"}", "\"confidence\": \"estimated\"}"),
      "on_chip_bytes_per_clock: source: missing");
  expect_mention(
      fault_with("\"confidence\": \"estimated\", \"source\"", "\"confidence\": \"guessed\", \"source\""),
      "'guessed' is not a known value");
  expect_mention(fault_with("\"title\":", "\"confidence\": \"public\", \"source\": \"all\", \"title\":"),
                 "one provenance for the whole file is not accepted");
}

TEST_CASE("A text that is cut off anywhere is refused, not half read") {
  const std::string whole = small_board;
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const auto spec = parse_device_spec(whole.substr(0, length), "cut.json");
    REQUIRE_FALSE(spec.ok());
    expect_mention(spec.error().message, "cut.json");
  }
}

TEST_CASE("A missing part or another schema is refused by name") {
  expect_mention(fault_with("wattline-device/1", "wattline-device/2"), "schema", "known: wattline-device/1");
  expect_mention(fault_with("\"schema\": \"wattline-device/1\",", ""), "schema: missing");
  expect_mention(fault_with("\"board_w\": 2,", ""), "power: board_w: missing");
  expect_mention(fault_with("[100, 200]", "[]"), "cpu_khz");
}

}  // namespace
}  // namespace wattline::devices
