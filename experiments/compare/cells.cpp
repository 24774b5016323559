#include "experiments/compare/cells.hpp"

namespace wattline::experiments {

void append(std::vector<Cell>& row, const std::vector<Cell>& more) {
  row.insert(row.end(), more.begin(), more.end());
}

std::vector<Column> mode_columns() {
  return {{"cores"}, {"cpu_khz"}, {"gpu_khz"}, {"emc_khz"}, {"active_sms"}};
}

std::vector<Cell> mode_cells(const devices::PowerMode& mode) {
  return {Cell{std::int64_t{mode.cores}}, std::int64_t{mode.cpu_khz}, std::int64_t{mode.gpu_khz},
          std::int64_t{mode.emc_khz}, std::int64_t{mode.active_sms}};
}

std::vector<Column> step_columns() {
  std::vector<Column> columns = {{"step"}, {"workload"}, {"role"}, {"batch"}};
  for (const Column& column : mode_columns()) columns.push_back(column);
  for (const char* key : {"time_ms", "power_w", "charged", "reason"}) columns.push_back({key});
  return columns;
}

std::vector<Cell> step_cells(const policies::Step& step, std::int64_t number) {
  std::vector<Cell> cells = {number, step.workload, std::string(workloads::name_of(step.role)),
                             std::int64_t{step.batch}};
  append(cells, mode_cells(step.mode));
  append(cells,
         {sim::ns_to_ms(step.seen.time_ns), step.seen.power_w, std::int64_t{step.charged}, step.reason});
  return cells;
}

}  // namespace wattline::experiments
