#include "devices/operating_point.hpp"

#include <algorithm>

namespace wattline::devices {

namespace {

// What `ask` says of each of the minibatches.
template <class T, class Ask>
Result<std::vector<T>> of_each(const std::vector<MinibatchOf>& minibatches, const Ask& ask) {
  std::vector<T> all;
  for (const MinibatchOf& each : minibatches) {
    auto said = ask(each);
    if (!said) return said.error();
    all.push_back(*std::move(said));
  }
  return all;
}

}  // namespace

Result<FixedOperatingPoint> FixedOperatingPoint::make(const CostModel& model, const PowerMode& mode,
                                                      const std::vector<MinibatchOf>& streams,
                                                      const std::vector<MinibatchOf>& training,
                                                      Sharing sharing) {
  const auto loaders =
      std::count_if(training.begin(), training.end(), [](const MinibatchOf& of) { return of.data_loaded; });
  const std::shared_ptr<const CostModel> loaded = loaders > 0 ? model.with_data_loaded() : nullptr;
  if (loaders > 0 && !loaded)
    return bad_input("this board's costs hold the loading of data; it cannot be simulated beside them");
  const auto model_of = [&](const MinibatchOf& of) -> const CostModel& {
    return of.data_loaded ? *loaded : model;
  };
  const auto cost = [&](const MinibatchOf& of) -> Result<sim::MinibatchCost> {
    const auto known = model_of(of).minibatch(of.workload, of.role, of.batch, mode);
    if (!known) return known.error();
    return sim::MinibatchCost{known->time_ns, to_microwatts(known->power_w)};
  };
  const auto phases = [&](const MinibatchOf& of) {
    return model_of(of).phases(of.workload, of.role, of.batch, mode);
  };
  FixedOperatingPoint point;
  const auto idle_w = model.idle_power_w(mode);
  if (!idle_w) return idle_w.error();
  point.idle_power_uw_ = to_microwatts(*idle_w);
  if (loaders > 0) {
    const auto cpu = model.loading_cpu(mode);
    if (!cpu) return cpu.error();
    point.loading_cpu_ = *cpu;
  }
  const auto busy_w = model.busy_power_w(mode);
  if (!busy_w) return busy_w.error();
  point.busy_power_uw_ = to_microwatts(*busy_w);
  auto served = of_each<sim::MinibatchCost>(streams, cost);
  if (!served) return served.error();
  auto trained = of_each<sim::MinibatchCost>(training, cost);
  if (!trained) return trained.error();
  point.streams_ = *std::move(served);
  point.training_ = *std::move(trained);
  if (sharing == Sharing::none || (sharing == Sharing::if_known && !model.counts_kernels())) return point;
  auto stream_phases = of_each<std::vector<sim::Phase>>(streams, phases);
  if (!stream_phases) return stream_phases.error();
  auto training_phases = of_each<std::vector<sim::Phase>>(training, phases);
  if (!training_phases) return training_phases.error();
  point.stream_phases_ = *std::move(stream_phases);
  point.training_phases_ = *std::move(training_phases);
  return point;
}

}  // namespace wattline::devices
