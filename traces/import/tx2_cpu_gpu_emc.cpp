#include "traces/import/tx2_cpu_gpu_emc.hpp"

#include "traces/import/records.hpp"

namespace wattline::traces {

namespace {

using devices::ProfileRow;

const RowReader::Names models = {{"inceptionv3", "inceptionv3"}};
const RowReader::Names image_sizes = {
    {"200x200", "200x200"}, {"400x400", "400x400"}, {"600x600", "600x600"}, {"800x800", "800x800"}};

ProfileRow row_of(RowReader& in) {
  ProfileRow row;
  row.device = "jetson-tx2";
  row.workload = in.renamed("model", models) + '-' + in.renamed("image_size", image_sizes) + "@tensorflow";
  row.batch = 1;
  row.mode.cores = static_cast<std::int32_t>(in.integer("cores", 1, 6));
  row.mode.cpu_khz = in.clock_khz("cpu_khz", RowReader::Unit::khz);
  row.mode.gpu_khz = in.clock_khz("gpu_hz", RowReader::Unit::hz);
  row.mode.emc_khz = in.clock_khz("emc_hz", RowReader::Unit::hz);
  row.time_ms = in.number("inference_time_s", above(0, 1e4)) * 1000;
  row.source = "softsys4ai/FlexiBO";
  return row;
}

}  // namespace

Result<std::vector<ProfileRow>> parse_tx2_cpu_gpu_emc(const std::string& text, const std::string& name) {
  return records_of<ProfileRow>(
      text, name, {"model", "image_size", "cores", "cpu_khz", "gpu_hz", "emc_hz", "inference_time_s"},
      row_of);
}

Result<std::vector<ProfileRow>> read_tx2_cpu_gpu_emc(const std::string& path, const ImportOptions&) {
  const auto text = read_text_file(path);
  if (!text) return text.error();
  return parse_tx2_cpu_gpu_emc(*text, path);
}

}  // namespace wattline::traces
