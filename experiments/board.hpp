// The board of a scenario or experiment: what is simulated, from a built-in device, a device file of the
// user's own, or a table of measured profiles.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "devices/cost_model.hpp"
#include "devices/device_spec.hpp"
#include "devices/hybrid.hpp"
#include "devices/table.hpp"
#include "experiments/run_directory.hpp"
#include "sim/base/strict_json.hpp"

namespace wattline::experiments {

struct Board {
  std::string name;
  std::shared_ptr<const devices::CostModel> truth;
  std::optional<devices::DeviceSpec> spec;            // of a roofline device or calibrated model
  std::shared_ptr<const devices::TableModel> table;   // the same object as `truth`, of a measured table
  std::shared_ptr<const devices::HybridModel> model;  // the same object as `truth`, of a calibrated model
  std::vector<InputFile> inputs;                      // files that it was read from
  std::vector<std::string> doubts;                    // about those files, for the user
};

// Reads one of "device": name, "device_file": path, "model": path of a calibrated model, "profiles": path
// (with "idle_power_w"). Paths are relative to `base`. After an error, which `in` then holds, the board is
// empty.
Board read_board(ObjectReader& in, const std::string& base);

// Reads `key`: the name of a preset, or {"cores", "cpu_khz", "gpu_khz", "emc_khz"} with an optional
// "active_sms" (default: all). The mode must be one that may be asked of the board.
devices::PowerMode read_mode(ObjectReader& in, const std::string& key, const Board& board);

// Reads `key`: a workload that the board can run in `role`, from the catalogue or of its calibrated model.
// What a measured table holds is seen when it is asked.
std::string read_workload(ObjectReader& in, const std::string& key, const Board& board, workloads::Role role);

// Fails `key`, the field that `batch` was read from, where the board's model does not tell the workload's
// cost at that batch.
void check_batch(ObjectReader& in, const std::string& key, const Board& board, const std::string& workload,
                 workloads::Role role, std::int64_t batch);

// The inference batches of studies of a network of the catalogue; of a counted workload of the board's model,
// those that it was profiled at; else none.
std::vector<int> usual_infer_batches(const Board& board, const std::string& workload);

// What runs on a board: minibatches of a workload at some batch sizes, by (workload, role).
using Batches = std::map<std::pair<std::string, workloads::Role>, std::set<std::int64_t>>;

// Of a calibrated model, which of these costs no profile is near: one line for a workload that was not
// profiled, or is used at batches outside those that were. Nothing of other boards.
std::vector<std::string> notes_on(const Board& board, const Batches& used);

// `path` relative to directory `base`, unless it is absolute.
std::string resolved_path(const std::string& base, const std::string& path);
std::string directory_of(const std::string& path);

}  // namespace wattline::experiments
