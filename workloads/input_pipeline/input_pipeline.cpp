#include "workloads/input_pipeline/input_pipeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "sim/base/text.hpp"

namespace wattline::workloads {

namespace {

// So that no sum of the times of all workers' minibatches overflows.
constexpr double longest_minibatch_ns = 1e15;
// So that the bytes of an epoch can be counted.
constexpr std::int64_t most_data_set_bytes = 1'000'000'000'000'000'000;

struct WholeRange {
  const char* what;
  std::int64_t value, least, most;
};
struct Range {
  const char* what;
  double value, least, most;
};

MaybeError check(const WholeRange& range) {
  if (range.value >= range.least && range.value <= range.most) return std::nullopt;
  return bad_input(fmt::format("{}: {} is not accepted; {} is expected", range.what, range.value,
                               range.most == INT64_MAX ? fmt::format("at least {}", range.least)
                                                       : fmt::format("{} to {}", range.least, range.most)));
}

// Refuses NaN.
MaybeError check(const Range& range) {
  if (range.value >= range.least && range.value <= range.most) return std::nullopt;
  return bad_input(fmt::format("{}: {} is not accepted; {} to {} is expected", range.what,
                               shortest(range.value), shortest(range.least), shortest(range.most)));
}

MaybeError check_minibatch(const char* what, double time_ns) {
  if (time_ns <= longest_minibatch_ns) return std::nullopt;
  return bad_input(fmt::format("{} a minibatch takes {} s, at most {} s are accepted", what,
                               shortest(time_ns * 1e-9), shortest(longest_minibatch_ns * 1e-9)));
}

double copy_time_ns(const InputPipelineOptions& options, std::int64_t samples) {
  return static_cast<double>(samples) * static_cast<double>(options.decoded_bytes_per_sample) /
         options.copy_bytes_per_s * 1e9;
}

}  // namespace

MaybeError check(const CpuShare& cpu) {
  if (auto error = check(Range{"cores for loading", cpu.cores, 0.01, 1024})) return error;
  return check(Range{"cycles per second of a core", cpu.cycles_per_s, 1e6, 1e12});
}

MaybeError check(const InputPipelineOptions& options) {
  constexpr std::int64_t most = 1'000'000'000'000;
  const std::array<WholeRange, 8> whole{{
      {"samples of a data set", options.samples, 1, 100'000'000},
      {"bytes per sample", options.bytes_per_sample, 1, most},
      {"decoded bytes per sample", options.decoded_bytes_per_sample, 1, most},
      {"CPU cycles per sample", options.cycles_per_sample, 1, most},
      {"bytes of the page cache", options.cache_bytes, 0, INT64_MAX},
      {"minibatch size", options.batch, 1, 1'000'000},
      {"loader workers", options.workers, 0, 64},
      {"epochs", options.epochs, 1, INT64_MAX},
  }};
  for (const WholeRange& range : whole)
    if (auto error = check(range)) return error;
  if (auto error = check(WholeRange{"minibatches that a loader worker prefetches (its own included)",
                                    options.prefetch, options.workers == 0 ? 0 : 1, 1024}))
    return error;
  if (options.samples > most_data_set_bytes / options.bytes_per_sample)
    return bad_input(fmt::format("a data set of {} samples of {} bytes is not accepted; at most {} bytes are",
                                 options.samples, options.bytes_per_sample, most_data_set_bytes));
  if (options.drop_last && options.samples < options.batch)
    return bad_input(fmt::format("an epoch has no minibatch: {} samples, minibatches of {}, the last dropped",
                                 options.samples, options.batch));
  if (auto error = check(options.storage)) return error;
  if (auto error = check(options.cpu)) return error;
  if (auto error =
          check(Range{"bytes per second of the copy to the GPU", options.copy_bytes_per_s, 1e3, 1e15}))
    return error;
  const auto read_sample_ns = static_cast<double>(read_ns(options.storage, options.bytes_per_sample));
  if (auto error = check_minibatch("reading", static_cast<double>(options.batch) * read_sample_ns))
    return error;
  const double compute_ns = static_cast<double>(options.batch) *
                            static_cast<double>(options.cycles_per_sample) / options.cpu.cycles_per_s * 1e9;
  if (auto error = check_minibatch("preparing", compute_ns)) return error;
  return check_minibatch("copying", copy_time_ns(options, options.batch));
}

std::int64_t minibatches_an_epoch(const InputPipelineOptions& options) {
  return (options.drop_last ? options.samples : options.samples + options.batch - 1) / options.batch;
}

std::int64_t samples_an_epoch(const InputPipelineOptions& options) {
  return options.drop_last ? options.samples / options.batch * options.batch : options.samples;
}

std::int64_t cached_samples(const InputPipelineOptions& options) {
  return std::min(options.cache_bytes / options.bytes_per_sample, options.samples);
}

sim::TimeNs copy_ns(const InputPipelineOptions& options, std::int64_t samples) {
  return std::max<sim::TimeNs>(1, static_cast<sim::TimeNs>(copy_time_ns(options, samples) + 0.5));
}

}  // namespace wattline::workloads
