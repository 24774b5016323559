#include "workloads/input_pipeline/epoch_prediction.hpp"

#include <algorithm>

#include "workloads/input_pipeline/page_cache.hpp"

namespace wattline::workloads {

using sim::TimeNs;

MinibatchProfile expected_profile(const InputPipelineOptions& options, TimeNs gpu_ns, WhichEpoch which) {
  const double share = static_cast<double>(cached_samples(options)) / static_cast<double>(options.samples);
  const double missed = which == WhichEpoch::first ? 1 : 1 - shuffled_hit_rate(share);
  const auto batch = static_cast<double>(options.batch);
  const double fetch_ns =
      batch * missed * static_cast<double>(read_ns(options.storage, options.bytes_per_sample));
  const double preprocess_ns =
      batch * static_cast<double>(options.cycles_per_sample) / options.cpu.cycles_per_s * 1e9;
  return {static_cast<TimeNs>(fetch_ns + 0.5), static_cast<TimeNs>(preprocess_ns + 0.5),
          copy_ns(options, options.batch), gpu_ns};
}

EpochPrediction predicted_epoch(const MinibatchProfile& profile, const PowerProfile& power,
                                std::int64_t minibatches, std::int64_t workers, double cores) {
  const auto fetch_ns = static_cast<double>(profile.fetch_ns);
  const auto preprocess_ns = static_cast<double>(profile.preprocess_ns);
  const auto gpu_ns = static_cast<double>(profile.gpu_ns);
  const double executing_ns = static_cast<double>(profile.copy_ns) + gpu_ns;
  const double minibatch_ns =
      workers == 0 ? fetch_ns + preprocess_ns / std::min(1.0, cores) + executing_ns
                   : std::max((fetch_ns + preprocess_ns) / std::min(static_cast<double>(workers), cores),
                              executing_ns);
  constexpr double joules_per_nj = 1e-9;
  const double minibatch_nj =
      gpu_ns * power.gpu_w + (minibatch_ns - gpu_ns) * power.idle_w + preprocess_ns * power.core_w;
  const auto count = static_cast<double>(minibatches);
  return {count * minibatch_ns, count * minibatch_nj * joules_per_nj};
}

}  // namespace wattline::workloads
