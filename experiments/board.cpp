#include "experiments/board.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "devices/calibration/known_workloads.hpp"
#include "devices/calibration/model_file.hpp"
#include "devices/roofline.hpp"
#include "experiments/calibration/profile_files.hpp"
#include "workloads/catalog.hpp"

namespace wattline::experiments {

namespace fs = std::filesystem;

namespace {

void take_spec(Board& board, devices::DeviceSpec spec) {
  board.name = spec.name;
  board.spec = spec;
  board.truth = std::make_shared<devices::RooflineModel>(std::move(spec));
}

void read_device_file(Board& board, ObjectReader& in, const std::string& base) {
  const std::string given = in.text("device_file");
  const std::string path = resolved_path(base, given);
  const auto text = read_text_file(path);
  if (!text) return in.fail("device_file", text.error().message);
  auto spec = devices::parse_device_spec(*text, path);
  if (!spec) return in.fail("device_file", spec.error().message);
  take_spec(board, *std::move(spec));
  board.inputs.push_back({given, sha256_of(*text)});
}

void read_model(Board& board, ObjectReader& in, const std::string& base) {
  const std::string given = in.text("model");
  const bool built_in = given.starts_with(devices::calibration::built_in_prefix);
  const std::string path = built_in ? given : resolved_path(base, given);
  const auto text = built_in ? Result(std::string()) : read_text_file(path);
  if (!text) return in.fail("model", text.error().message);
  auto model =
      built_in ? devices::calibration::read_model(given) : devices::calibration::parse_model(*text, path);
  if (!model) return in.fail("model", model.error().message);
  board.name = model->spec.name;
  board.spec = model->spec;
  board.model = std::make_shared<devices::HybridModel>(*std::move(model));
  board.truth = board.model;
  if (!built_in) board.inputs.push_back({given, sha256_of(*text)});
}

void read_profiles(Board& board, ObjectReader& in, const std::string& base) {
  const std::string given = in.text("profiles");
  const std::string path = resolved_path(base, given);
  const double idle_w = in.number("idle_power_w", between(0, 1e4));
  ProfileSource source;
  source.files = {path};
  auto read = read_profile_files(source, {});
  if (!read) return in.fail("profiles", read.error().message);
  auto table = devices::TableModel::make(read->files.front().rows, path, idle_w);
  if (!table) return in.fail("profiles", table.error().message);
  board.name = table->device();
  board.table = std::make_shared<devices::TableModel>(*std::move(table));
  board.truth = board.table;
  board.inputs.push_back({given, read->sha256});
  board.doubts = std::move(read->notes);
}

}  // namespace

std::string resolved_path(const std::string& base, const std::string& path) {
  // Not normalised: ".." after a symbolic link is for the system to resolve.
  return fs::path(path).is_absolute() ? path : (fs::path(base) / path).string();
}

std::string directory_of(const std::string& path) {
  const std::string parent = fs::path(path).parent_path().string();
  return parent.empty() ? "." : parent;
}

Board read_board(ObjectReader& in, const std::string& base) {
  Board board;
  const bool by_file = in.has("device_file");
  const bool by_model = in.has("model");
  const bool by_profiles = in.has("profiles");
  if (int{in.has("device")} + int{by_file} + int{by_model} + int{by_profiles} != 1) {
    in.fail("device", "exactly one of 'device', 'device_file', 'model' and 'profiles' is expected");
    return board;
  }
  if (by_model) {
    read_model(board, in, base);
  } else if (by_file) {
    read_device_file(board, in, base);
  } else if (by_profiles) {
    read_profiles(board, in, base);
  } else {
    const std::string name = in.text("device");
    if (in.failed()) return board;
    auto spec = devices::find_device(name);
    if (spec)
      take_spec(board, *std::move(spec));
    else
      in.fail("device", spec.error().message);
  }
  return board;
}

devices::PowerMode read_mode(ObjectReader& in, const std::string& key, const Board& board) {
  if (in.failed()) return {};
  if (board.spec && in.any(key).is_string()) {
    const auto preset = devices::find_preset(*board.spec, in.text(key));
    if (preset) return preset->mode;
    in.fail(key, preset.error().message);
    return {};
  }
  ObjectReader fields = in.object(key);
  const auto knob = [&](const char* name, std::int64_t high) {
    return static_cast<std::int32_t>(fields.integer(name, 1, high));
  };
  devices::PowerMode mode;
  mode.cores = knob("cores", 1024);
  mode.cpu_khz = knob("cpu_khz", 100'000'000);
  mode.gpu_khz = knob("gpu_khz", 100'000'000);
  mode.emc_khz = knob("emc_khz", 100'000'000);
  if (board.spec)
    mode.active_sms =
        static_cast<std::int32_t>(fields.integer_or("active_sms", 1, 1024, board.spec->gpu.sms));
  fields.reject_unknown_keys();
  if (in.failed() || !board.spec) return mode;
  if (const auto wrong = devices::check_mode(*board.spec, mode)) in.fail(key, wrong->message);
  return mode;
}

std::string read_workload(ObjectReader& in, const std::string& key, const Board& board,
                          workloads::Role role) {
  const std::string name = in.text(key);
  if (in.failed()) return name;
  if (const auto wrong = board.truth->check_workload(name, role, std::nullopt)) in.fail(key, wrong->message);
  return name;
}

void check_batch(ObjectReader& in, const std::string& key, const Board& board, const std::string& workload,
                 workloads::Role role, std::int64_t batch) {
  if (in.failed()) return;
  if (const auto wrong = board.truth->check_workload(workload, role, batch)) in.fail(key, wrong->message);
}

std::vector<int> usual_infer_batches(const Board& board, const std::string& workload) {
  if (const auto dnn = workloads::find_dnn(workload)) return dnn->infer_batches;
  if (!board.model) return {};
  const auto counted =
      devices::calibration::counted_batches(board.model->model(), workload, workloads::Role::infer);
  return {counted.begin(), counted.end()};
}

std::vector<std::string> notes_on(const Board& board, const Batches& used) {
  std::vector<std::string> notes = board.doubts;
  if (!board.model) return notes;
  for (const auto& [key, batches] : used) {
    const auto& [workload, role] = key;
    const auto profiled = board.model->profiled_batches(workload, role);
    if (!profiled) {
      notes.push_back(
          fmt::format("{} was not profiled for {}; its costs are the board's law with what is known of it",
                      workload, workloads::name_of(role)));
      continue;
    }
    std::vector<std::int64_t> outside;
    for (const std::int64_t batch : batches)
      if (batch < profiled->first || batch > profiled->second) outside.push_back(batch);
    if (outside.empty()) continue;
    const auto [low, high] = *profiled;
    const std::string at =
        low == high ? fmt::format("batch {}", low) : fmt::format("batches {} to {}", low, high);
    notes.push_back(fmt::format("{} was profiled for {} at {}; costs at {} are extrapolated", workload,
                                workloads::name_of(role), at, fmt::join(outside, ", ")));
  }
  return notes;
}

}  // namespace wattline::experiments
