// Profile CSV: device,workload,role,batch,cores,cpu_khz,gpu_khz,emc_khz,time_ms,power_w and, where a
// file has them, time_std_ms,power_std_w,samples,source,active_sms,power_kind,flop,bytes.
//
// An empty measured value means "not measured"; an empty active_sms means all of them. power_kind is
// "module rails", "board meter", "wall" or empty. flop and bytes are of one minibatch; a row has both or
// neither. A clock above 5 GHz is refused as one in Hz. Columns may stand in any order. Errors name the
// line and column; a column in another unit is answered with the factor to the right one.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "devices/profile.hpp"
#include "sim/base/result.hpp"

namespace wattline::traces {

Result<std::vector<devices::ProfileRow>> parse_profile_csv(const std::string& text, const std::string& name);

// Points to predict: the same columns, of which the measured ones (time_ms, power_w) need not be there.
// Where they are, they are read and kept, so that a profile is a valid list of requests.
Result<std::vector<devices::ProfileRow>> parse_profile_requests(const std::string& text,
                                                                const std::string& name);

// As a profile CSV, with only those optional columns that some row uses; parse_profile_csv gives the
// same rows back. Precondition: the values are such as the reader accepts; a line break in a text is
// written as a blank, for a field cannot hold it.
std::string write_profile_csv(std::span<const devices::ProfileRow> rows);

}  // namespace wattline::traces
