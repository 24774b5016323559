// Columns in another unit than the one that is expected.
#include "traces/unit_slip.hpp"

#include <vector>

#include "tests/catch.hpp"

namespace wattline::traces {
namespace {

const std::vector<std::string> known = {"gpu_khz", "time_ms", "time_std_ms", "power_w", "time"};

TEST_CASE("A column in another unit of the same quantity is recognized, with the factor") {
  CHECK(unit_slip_message("gpu_hz", known) ==
        "column 'gpu_hz' is in Hz; 'gpu_khz' is expected (divide by 1,000)");
  CHECK(unit_slip_message("time_std_us", known) ==
        "column 'time_std_us' is in us; 'time_std_ms' is expected (divide by 1,000)");
  CHECK(unit_slip_message("power_kw", known) ==
        "column 'power_kw' is in kW; 'power_w' is expected (multiply by 1,000)");
  CHECK(unit_slip_message("time_ns", known) ==
        "column 'time_ns' is in ns; 'time_ms' is expected (divide by 1,000,000)");
}

TEST_CASE("A column of another quantity, of another name, or without a unit is no slip") {
  for (const char* column : {"gpu_w", "cpu_hz", "gpu_khz", "gpu", "gpu_", "_hz", "", "gpu_Hz", "power_ms"}) {
    CAPTURE(column);
    CHECK(unit_slip_message(column, known) == std::nullopt);
  }
}

}  // namespace
}  // namespace wattline::traces
