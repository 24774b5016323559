// Reads what write_model() (model_file.cpp) wrote.
#include <fmt/format.h>

#include <algorithm>

#include "devices/calibration/model_checks.hpp"
#include "devices/calibration/model_file.hpp"

namespace wattline::devices::calibration {

using workloads::Role;

namespace {

constexpr Range any_number = between(-1e300, 1e300);
constexpr Range positive = above(0, 1e300);

const std::vector<std::string> power_kinds = {"module rails", "board meter", "wall"};

PowerKind power_kind_of(const std::string& name) {
  for (const PowerKind kind : {PowerKind::module_rails, PowerKind::board_meter, PowerKind::wall})
    if (name == name_of(kind)) return kind;
  return PowerKind::unstated;
}

void check_schema(ObjectReader& in) {
  const std::string given = in.text("schema");
  if (in.failed() || given == model_schema) return;
  if (given.starts_with("wattline-model/"))
    in.fail("schema", fmt::format("'{}' is of another version of Wattline; this one reads '{}'",
                                  given.substr(0, 80), model_schema));
  else
    (void)in.choice("schema", {model_schema});
}

void fail_if(const std::optional<std::string>& fault, ObjectReader& in, const std::string& key) {
  if (fault && !in.failed()) in.fail(key, *fault);
}

std::vector<std::string> names_of(const std::vector<Parameter>& first, const std::vector<Parameter>& second) {
  std::vector<std::string> names;
  for (const auto* list : {&first, &second})
    for (const Parameter& parameter : *list) names.push_back(parameter.name);
  return names;
}

// Parameters must be those of the law, in its order.
ParameterEstimates read_parameters(ObjectReader& in, const std::string& key,
                                   const std::vector<Parameter>& expected) {
  ParameterEstimates set;
  for (ObjectReader& entry : in.objects(key)) {
    Parameter parameter;
    parameter.name = entry.text("name");
    parameter.unit = entry.text_or("unit", "");
    Estimate estimate;
    estimate.value = entry.number("value", positive);
    estimate.deviation = entry.number("deviation", between(0, 1e6));
    (void)entry.choice("provenance", {"fitted", "prior"});
    parameter.prior = entry.number("prior", positive);
    parameter.spread = entry.number("spread", positive);
    parameter.low = entry.number("low", positive);
    parameter.high = entry.number("high", positive);
    entry.reject_unknown_keys();
    fail_if(bounds_fault(parameter, estimate), entry, "value");
    set.parameters.push_back(std::move(parameter));
    set.estimates.push_back(estimate);
  }
  const bool same = set.parameters.size() == expected.size() &&
                    std::equal(expected.begin(), expected.end(), set.parameters.begin(),
                               [](const Parameter& a, const Parameter& b) { return a.name == b.name; });
  if (!in.failed() && !same)
    in.fail(key, fmt::format("{} parameters are expected, in the law's order", expected.size()));
  return set;
}

ErrorSummary read_held_out(ObjectReader in) {
  ErrorSummary error;
  error.points = in.integer("points", 0, 1'000'000'000);
  error.mean_absolute = in.number("mean_absolute", any_number);
  error.median_absolute = in.number("median_absolute", any_number);
  error.worst = in.number("worst", any_number);
  error.bias = in.number("bias", any_number);
  error.law_alone = in.number("law_alone", any_number);
  error.within_one_sigma = in.number("within_one_sigma", between(0, 1));
  in.reject_unknown_keys();
  return error;
}

ResidualProcess read_residual(ObjectReader in) {
  Hyperparameters hyper;
  const auto amplitudes = in.numbers("amplitudes", between(0, 1e6));
  const auto lengths = in.numbers("lengths", between(0, 1e12));
  hyper.noise = in.number("noise", positive);
  const auto features = in.numbers("features", between(-1e6, 1e6));
  const Json& works = in.any("works");
  const auto weights = in.numbers("weights", any_number);
  const auto noises = in.numbers("noises", positive);
  in.reject_unknown_keys();
  if (in.failed()) return {};
  constexpr std::size_t per_point = feature_count + 1;  // and the share
  const bool whole_works = works.is_array() && std::all_of(works.begin(), works.end(), [](const Json& work) {
                             return work.is_number_integer();
                           });
  if (amplitudes.size() != component_count ||
      lengths.size() != std::size_t{component_count} * feature_count ||
      features.size() != per_point * weights.size() || noises.size() != weights.size() || !whole_works ||
      works.size() != weights.size()) {
    in.fail("", "sizes of amplitudes, lengths, features, works, weights and noises do not belong together");
    return {};
  }
  std::copy(amplitudes.begin(), amplitudes.end(), hyper.amplitude.begin());
  for (std::size_t i = 0; i < lengths.size(); ++i)
    hyper.length[i / feature_count][i % feature_count] = lengths[i];
  std::vector<ResidualPoint> points(weights.size());
  for (std::size_t i = 0; i < points.size(); ++i) {
    for (std::size_t f = 0; f < feature_count; ++f) points[i].at[f] = features[i * per_point + f];
    points[i].share = features[i * per_point + feature_count];
    points[i].work = works[i].get<std::int64_t>();
  }
  return ResidualProcess::restore(std::move(points), weights, noises, hyper,
                                  ResidualOptions{}.variance_points);
}

GroupLaw read_law(ObjectReader in, const std::vector<Parameter>& expected,
                  const std::vector<Parameter>& of_board) {
  GroupLaw law;
  law.points = in.integer("points", 0, 1'000'000'000);
  law.noise = in.number("noise", between(0, 1e6));
  law.held_out = read_held_out(in.object("held_out"));
  law.group = read_parameters(in, "parameters", expected);
  const auto lower = in.numbers("covariance", any_number);
  if (in.has("residual")) law.residual = read_residual(in.object("residual"));
  in.reject_unknown_keys();
  const std::size_t side = of_board.size() + expected.size();
  if (!in.failed() && lower.size() != side * (side + 1) / 2)
    in.fail("covariance",
            fmt::format("the {} numbers of a lower triangle are expected", side * (side + 1) / 2));
  if (in.failed()) return law;
  law.covariance.resize(side * side);
  for (std::size_t row = 0, at = 0; row < side; ++row)
    for (std::size_t column = 0; column <= row; ++column, ++at)
      law.covariance[row * side + column] = law.covariance[column * side + row] = lower[at];
  fail_if(covariance_fault(law.covariance, names_of(of_board, expected)), in, "covariance");
  if (!in.failed()) fail_if(residual_fault(law.residual, law.noise), in, "residual");
  return law;
}

PowerMode read_mode(ObjectReader in) {
  PowerMode mode;
  const auto knob = [&](const char* name) {
    return static_cast<std::int32_t>(in.integer(name, 0, 100'000'000));
  };
  mode.cores = knob("cores");
  mode.cpu_khz = knob("cpu_khz");
  mode.gpu_khz = knob("gpu_khz");
  mode.emc_khz = knob("emc_khz");
  mode.active_sms = static_cast<std::int32_t>(in.integer_or("active_sms", 0, 1024, 0));
  in.reject_unknown_keys();
  return mode;
}

Role read_role(ObjectReader& in) {
  return in.choice("role", {"train", "infer"}) == "train" ? Role::train : Role::infer;
}

Group read_group_head(const DeviceSpec& spec, ObjectReader& in) {
  const std::string workload = in.text("workload");
  const Role role = read_role(in);
  const std::string source = in.choice("work", {"catalogue", "counted", "fitted"});
  if (in.failed()) return {};
  if (source == "fitted") {
    const double flop = in.number("nominal_flop_per_sample", positive);
    const double bytes = in.number("nominal_bytes_per_sample", positive);
    const auto stack = known_group(spec, workload, role, true);  // of the name; the network is its own
    if (!stack) {
      in.fail("workload", stack.error().message);
      return {};
    }
    Group group = fitted_group(spec, workload, role, {});
    group.work.classes = {{0, flop, 0, bytes}};
    return group;
  }
  auto group = known_group(spec, workload, role, source == "counted");
  if (group) return *std::move(group);
  in.fail("workload", group.error().message);
  return {};
}

// One of the groups of a model that has everything else already.
GroupModel read_group(const CalibratedModel& of, ObjectReader& in) {
  const DeviceSpec& spec = of.spec;
  GroupModel model;
  model.group = read_group_head(spec, in);
  ObjectReader checked = in.object("checked");
  model.range.low = read_mode(checked.object("low"));
  model.range.high = read_mode(checked.object("high"));
  model.range.low_batch = checked.integer("low_batch", 0, 1'000'000);
  model.range.high_batch = checked.integer("high_batch", 0, 1'000'000);
  if (model.group.source == WorkSource::counted) {
    for (const auto& [key, value] :
         {std::pair{"low_flop", &model.range.low_flop}, std::pair{"high_flop", &model.range.high_flop},
          std::pair{"low_bytes", &model.range.low_bytes}, std::pair{"high_bytes", &model.range.high_bytes}})
      *value = checked.number_or(key, between(0, 1e24), 0);
  }
  checked.reject_unknown_keys();
  fail_if(range_fault(model.range), in, "checked");
  if (in.failed()) return model;
  model.time = read_law(in.object("time"), time_priors(spec, model.group, 0), of.board_time.parameters);
  model.power = read_law(in.object("power"), power_priors(spec, model.group), of.board_power.parameters);
  in.reject_unknown_keys();
  if (!in.failed()) fail_if(prediction_fault(of, model), in, "");
  return model;
}

void read_meters(ObjectReader& in, CalibratedModel& model) {
  if (!in.has("meters")) return;
  for (ObjectReader& meter : in.objects("meters")) {
    const PowerKind kind = power_kind_of(meter.choice("power_kind", power_kinds));
    if (kind == model.power_kind || model.meters.contains(kind))
      meter.fail("power_kind", fmt::format("'{}' is there already", name_of(kind)));
    model.meters[kind] = read_parameters(meter, "parameters", meter_priors());
    meter.reject_unknown_keys();
  }
}

void read_counted(ObjectReader& in, CalibratedModel& model) {
  if (!in.has("counted")) return;
  for (ObjectReader& entry : in.objects("counted")) {
    const std::string workload = entry.text("workload");
    const Role role = read_role(entry);
    const std::int64_t batch = entry.integer("batch", 1, 1'000'000);
    const double flop = entry.number("flop", between(0, 1e300));
    const std::pair key{workload, CountedPoint{role, batch}};
    if (model.counted.contains(key))
      entry.fail("workload", fmt::format("'{}' of batch {} is there already", workload, batch));
    model.counted[key] = {flop, entry.number("bytes", between(0, 1e300))};
    entry.reject_unknown_keys();
  }
}

void read_groups(ObjectReader& in, CalibratedModel& model) {
  std::vector<GroupModel> groups;
  for (ObjectReader& entry : in.objects("workloads")) {
    GroupModel read = read_group(model, entry);
    if (in.failed()) return;
    const auto same = std::find_if(groups.begin(), groups.end(), [&](const GroupModel& other) {
      return other.group.name == read.group.name && other.group.role == read.group.role;
    });
    if (same != groups.end())
      entry.fail("workload",
                 fmt::format("'{}' in role {} is there already, as workloads[{}]", read.group.name,
                             workloads::name_of(read.group.role), same - groups.begin()));
    groups.push_back(std::move(read));
  }
  model.groups = std::move(groups);
}

}  // namespace

Result<CalibratedModel> parse_model(const std::string& text, const std::string& name) {
  const auto json = parse_json(text, name);
  if (!json) return json.error();
  MaybeError error;
  ObjectReader in(*json, name, error);
  CalibratedModel model;
  check_schema(in);
  model.power_kind = power_kind_of(in.choice("power_kind", power_kinds));
  model.source = in.text_or("source", "");
  model.profiles_sha256 = in.text_or("profiles_sha256", "");
  if (error) return *error;
  // A shipped model names its board, which is built in as well.
  const Json& device = in.any("device");
  // Parsed once more, because a spec's keys stay in their order.
  auto spec = device.is_string()
                  ? find_device(device.get<std::string>())
                  : parse_device_spec(OrderedJson::parse(text, nullptr, true, true)["device"].dump(),
                                      name + ": device");
  if (!spec) return spec.error();
  model.spec = *std::move(spec);
  model.spec_text = model.spec.text;
  model.board_time = read_parameters(in, "board_time", board_time_priors(model.spec));
  model.board_power = read_parameters(in, "board_power", board_power_priors(model.spec, model.power_kind));
  read_meters(in, model);
  read_counted(in, model);
  read_groups(in, model);
  in.reject_unknown_keys();
  if (error) return *error;
  return model;
}

}  // namespace wattline::devices::calibration
