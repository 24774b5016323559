#include "experiments/compare/reference.hpp"

#include "devices/device_spec.hpp"
#include "devices/roofline.hpp"

namespace wattline::experiments {

namespace {

struct Named {
  std::string device = "orin-agx-64gb";
  std::string mode_space = "powertrain";
  std::string workload = "resnet18";
  std::int64_t batch = 16;
};

Named read_names(ObjectReader& in) {
  Named named;
  if (!in.has("reference")) return named;
  ObjectReader fields = in.object("reference");
  named.device = fields.text_or("device", named.device);
  named.mode_space = fields.text_or("mode_space", named.mode_space);
  named.workload = fields.text_or("workload", named.workload);
  named.batch = fields.integer_or("batch", 1, 1'000'000, named.batch);
  fields.reject_unknown_keys();
  return named;
}

}  // namespace

policies::Reference read_reference(ObjectReader& in) {
  const Named named = read_names(in);
  if (in.failed()) return {};
  const auto spec = devices::find_device(named.device);
  if (!spec) {
    in.fail("reference", spec.error().message);
    return {};
  }
  const auto modes = devices::find_mode_space(*spec, named.mode_space);
  if (!modes) {
    in.fail("reference", modes.error().message);
    return {};
  }
  const devices::RooflineModel model(*spec);
  policies::Reference profiles;
  for (std::size_t i = 0; i < modes->size(); ++i) {
    const devices::PowerMode mode = modes->at(i);
    const auto cost = model.minibatch(named.workload, workloads::Role::train, named.batch, mode);
    if (!cost) {
      in.fail("reference", cost.error().message);
      return {};
    }
    profiles.push_back({mode, {cost->time_ns, cost->total_power_w()}});
  }
  return profiles;
}

}  // namespace wattline::experiments
