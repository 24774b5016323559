#include "traces/import/tx2_cpu_gpu_emc.hpp"

#include "sim/base/text.hpp"
#include "traces/import/records.hpp"

namespace wattline::traces {

namespace {

using devices::ProfileRow;

// "200x200"
std::string image_size_of(RowReader& in) {
  const std::string size = in.text("image_size");
  const auto x = size.find('x');
  const auto pixels = [](const std::string& side) {
    const auto number = parse_double(side);
    return side.size() < 6 && side.find_first_not_of("0123456789") == std::string::npos && number &&
           *number > 0;
  };
  if (x == std::string::npos || !pixels(size.substr(0, x)) || !pixels(size.substr(x + 1)))
    in.fail("image_size", "'" + size.substr(0, 80) + "' is not accepted; WIDTHxHEIGHT in pixels is expected");
  return size;
}

ProfileRow row_of(RowReader& in) {
  ProfileRow row;
  row.device = "jetson-tx2";
  row.workload = in.network("model") + '-' + image_size_of(in) + "@tensorflow";
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

Result<std::vector<ProfileRow>> parse_tx2_cpu_gpu_emc(const std::string& text, const std::string& name,
                                                      const ImportOptions&) {
  return records_of<ProfileRow>(
      text, name, {"model", "image_size", "cores", "cpu_khz", "gpu_hz", "emc_hz", "inference_time_s"},
      row_of);
}

}  // namespace wattline::traces
