// Arrival CSV: one column, time_s, the instant of each request in seconds from the start of the log,
// ascending (equal instants are fine).
#pragma once

#include <string>
#include <vector>

#include "sim/base/result.hpp"
#include "sim/time.hpp"

namespace wattline::traces {

// At least one request. A row that goes back in time is an error that names its line.
Result<std::vector<sim::TimeNs>> parse_arrival_csv(const std::string& text, const std::string& name);

}  // namespace wattline::traces
