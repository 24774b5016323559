// Cells that several tables of policies' results have in common: power modes, and the steps of a policy.
#pragma once

#include <vector>

#include "experiments/report/result_table.hpp"
#include "policies/policy.hpp"

namespace wattline::experiments {

// Adds the cells of `more` at the row's end.
void append(std::vector<Cell>& row, const std::vector<Cell>& more);

// cores, cpu_khz, gpu_khz, emc_khz, active_sms.
std::vector<Column> mode_columns();
std::vector<Cell> mode_cells(const devices::PowerMode& mode);

// One profile that a policy asked for: its number, which, what was seen, and why.
std::vector<Column> step_columns();
std::vector<Cell> step_cells(const policies::Step& step, std::int64_t number);

}  // namespace wattline::experiments
