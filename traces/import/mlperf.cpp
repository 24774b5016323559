#include "traces/import/mlperf.hpp"

#include <fmt/format.h>

#include "traces/import/records.hpp"

namespace wattline::traces {

namespace {

const RowReader::Names scenarios = {{"SingleStream", "single"},
                                    {"Single Stream", "single"},
                                    {"MultiStream", "multi"},
                                    {"Multi Stream", "multi"},
                                    {"Offline", "offline"}};
const RowReader::Names verdicts = {{"VALID", "valid"}, {"INVALID", "invalid"}};

MlperfScenario scenario_of(RowReader& in) {
  const std::string scenario = in.renamed("scenario", scenarios);
  if (scenario == "offline") return MlperfScenario::offline;
  return scenario == "multi" ? MlperfScenario::multi_stream : MlperfScenario::single_stream;
}

// Carriers of other makers bear the module's name too ("Auvidea JNX30 Xavier NX"). MLPerf v2.0's "NVIDIA
// Orin" is the AGX Orin developer kit, whose clocks and GPU are those of the 64GB module.
std::string device_of(RowReader& in, const std::string& system) {
  const auto names = [&](const char* part) { return system.find(part) != std::string::npos; };
  if (names("Xavier NX")) return "xavier-nx";
  if (names("AGX Xavier")) return "agx-xavier";
  if (!names("NVIDIA Orin"))
    in.fail("system_name", fmt::format("'{}' is not a system with AGX Xavier, Xavier NX or NVIDIA Orin",
                                       system.substr(0, 80)));
  return "orin-agx-64gb";
}

MlperfRow row_of(RowReader& in) {
  MlperfRow row;
  row.round = in.text("round");
  row.submitter = in.text("submitter");
  row.system_name = in.text("system_name");
  row.device = device_of(in, row.system_name);
  row.maxq = row.system_name.find("MaxQ") != std::string::npos;
  row.framework = in.text("framework");
  row.model = in.text("model");
  row.scenario = scenario_of(in);
  row.valid = in.renamed("valid", verdicts) == "valid";
  row.samples_per_second = in.optional_number("samples_per_second", above(0, 1e9));
  row.queries_per_second = in.optional_number("qps", above(0, 1e9));
  row.samples_per_query = in.integer("samples_per_query", 1, 1'000'000'000'000);
  row.mean_latency_ms = in.number("mean_latency_ms", above(0, 1e10));
  row.p50_ms = in.number("p50_ms", above(0, 1e10));
  row.p90_ms = in.number("p90_ms", above(0, 1e10));
  row.p99_ms = in.number("p99_ms", above(0, 1e10));
  if (row.p90_ms < row.p50_ms) in.fail("p90_ms", "below p50_ms");
  if (row.p99_ms < row.p90_ms) in.fail("p99_ms", "below p90_ms");
  row.mean_wall_power_w = in.optional_number("avg_wall_power_W", above(0, 1000));
  row.energy_j = in.optional_number("energy_J", above(0, 1e9));
  row.energy_per_query_mj = in.optional_number("energy_per_query_mJ", above(0, 1e12));
  return row;
}

}  // namespace

Result<std::vector<MlperfRow>> parse_mlperf(const std::string& text, const std::string& name) {
  return records_of<MlperfRow>(
      text, name,
      {"round", "submitter", "system_name", "framework", "model", "scenario", "valid", "samples_per_second",
       "qps", "samples_per_query", "mean_latency_ms", "p50_ms", "p90_ms", "p99_ms", "avg_wall_power_W",
       "energy_J", "energy_per_query_mJ"},
      row_of);
}

Result<std::vector<MlperfRow>> read_mlperf(const std::string& path) {
  const auto text = read_text_file(path);
  if (!text) return text.error();
  return parse_mlperf(*text, path);
}

}  // namespace wattline::traces
