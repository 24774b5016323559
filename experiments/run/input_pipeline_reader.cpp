#include "experiments/run/input_pipeline_reader.hpp"

#include <fmt/format.h>

#include <cmath>

#include "workloads/catalog.hpp"

namespace wattline::experiments {

namespace {

// "nvme", or {"mb_per_s": 85, "access_ms": 0.7}.
workloads::StorageMedium read_storage(ObjectReader& in) {
  if (in.any("storage").is_string()) {
    auto preset = workloads::storage_preset(in.text("storage"));
    if (preset) return *std::move(preset);
    in.fail("storage", preset.error().message);
    return {};
  }
  ObjectReader fields = in.object("storage");
  workloads::StorageMedium medium;
  medium.name = "as given";
  medium.bytes_per_s = fields.number("mb_per_s", between(1e-3, 1e6)) * 1e6;
  medium.access_ns = std::llround(fields.number_or("access_ms", between(0, 10'000), 0) * 1e6);
  fields.reject_unknown_keys();
  return medium;
}

// What the catalogue says of the network, where it knows it.
std::int64_t read_cycles(ObjectReader& in, const std::string& workload) {
  constexpr const char* key = "cpu_cycles_per_sample";
  constexpr std::int64_t most = 1'000'000'000'000;
  const auto dnn = workloads::find_dnn(workload);
  const double known = dnn ? dnn->input_pipeline.cpu_cycles_per_sample : 0;
  if (known < 1) return in.integer(key, 1, most);
  return in.integer_or(key, 1, most, std::llround(known));
}

}  // namespace

workloads::InputPipelineOptions read_input_pipeline(ObjectReader in, const Board& board,
                                                    const std::string& workload, std::int64_t batch) {
  workloads::InputPipelineOptions options;
  if (!board.truth->with_data_loaded()) {
    in.fail("",
            fmt::format("the costs of {} hold the loading of data, which cannot be simulated beside them; a "
                        "'device' or 'device_file' is expected",
                        board.name));
    return options;
  }
  options.samples = in.integer("samples", 1, 100'000'000);
  options.bytes_per_sample = in.integer("bytes_per_sample", 1, 1'000'000'000'000);
  options.decoded_bytes_per_sample = in.integer("decoded_bytes_per_sample", 1, 1'000'000'000'000);
  options.cycles_per_sample = read_cycles(in, workload);
  options.storage = read_storage(in);
  options.cache_bytes = std::llround(in.number("page_cache_mb", between(0, 1e12)) * 1e6);
  options.batch = batch;
  options.drop_last = in.boolean_or("drop_last", options.drop_last);
  options.workers = in.integer_or("workers", 0, 64, options.workers);
  options.prefetch = in.integer_or("prefetch", 1, 1024, options.prefetch);
  options.copy_bytes_per_s =
      in.number_or("copy_mb_per_s", between(1e-3, 1e9), options.copy_bytes_per_s * 1e-6) * 1e6;
  if (in.has("epochs")) options.epochs = in.integer("epochs", 1, 1'000'000'000);
  in.reject_unknown_keys();
  if (in.failed()) return options;
  if (const auto wrong = workloads::check(options)) in.fail("", wrong->message);
  return options;
}

}  // namespace wattline::experiments
