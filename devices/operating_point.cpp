#include "devices/operating_point.hpp"

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
  const auto cost = [&](const MinibatchOf& of) -> Result<sim::MinibatchCost> {
    const auto known = model.minibatch(of.workload, of.role, of.batch, mode);
    if (!known) return known.error();
    return sim::MinibatchCost{known->time_ns, to_microwatts(known->power_w)};
  };
  const auto phases = [&](const MinibatchOf& of) {
    return model.phases(of.workload, of.role, of.batch, mode);
  };
  FixedOperatingPoint point;
  const auto idle_w = model.idle_power_w(mode);
  if (!idle_w) return idle_w.error();
  point.idle_power_uw_ = to_microwatts(*idle_w);
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
