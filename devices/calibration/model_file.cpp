#include "devices/calibration/model_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "devices/embedded_files.hpp"
#include "sim/base/strict_json.hpp"
#include "sim/base/text.hpp"

namespace wattline::devices::calibration {

using workloads::Role;

namespace {

constexpr const char* schema = "wattline-model/1";
constexpr Range any_number = between(-1e300, 1e300);
constexpr Range positive = above(0, 1e300);

const std::vector<std::string> power_kinds = {"module rails", "board meter", "wall"};

PowerKind power_kind_of(const std::string& name) {
  for (const PowerKind kind : {PowerKind::module_rails, PowerKind::board_meter, PowerKind::wall})
    if (name == name_of(kind)) return kind;
  return PowerKind::unstated;
}

// --- writing ---

OrderedJson json_of(const ParameterEstimates& set) {
  OrderedJson list = OrderedJson::array();
  for (std::size_t i = 0; i < set.parameters.size(); ++i) {
    const Parameter& parameter = set.parameters[i];
    const Estimate& estimate = set.estimates[i];
    OrderedJson json;
    json["name"] = parameter.name;
    if (!parameter.unit.empty()) json["unit"] = parameter.unit;
    json["value"] = estimate.value;
    json["deviation"] = estimate.deviation;
    json["provenance"] = estimate.determined(parameter) ? "fitted" : "prior";
    json["prior"] = parameter.prior;
    json["spread"] = parameter.spread;
    json["low"] = parameter.low;
    json["high"] = parameter.high;
    list.push_back(std::move(json));
  }
  return list;
}

OrderedJson json_of(const HeldOutError& error) {
  OrderedJson json;
  json["points"] = error.points;
  json["mean_absolute"] = error.mean_absolute;
  json["median_absolute"] = error.median_absolute;
  json["worst"] = error.worst;
  json["bias"] = error.bias;
  json["law_alone"] = error.law_alone;
  json["within_one_sigma"] = error.within_one_sigma;
  return json;
}

OrderedJson json_of(const ResidualProcess& process) {
  OrderedJson json;
  const Hyperparameters& hyper = process.hyperparameters();
  json["amplitudes"] = hyper.amplitude;
  OrderedJson lengths = OrderedJson::array();
  for (const auto& of_component : hyper.length)
    for (const double length : of_component) lengths.push_back(length);
  json["lengths"] = lengths;
  json["noise"] = hyper.noise;
  OrderedJson points = OrderedJson::array();
  OrderedJson works = OrderedJson::array();
  for (const ResidualPoint& point : process.points()) {
    for (const double feature : point.at) points.push_back(feature);
    points.push_back(point.share);
    works.push_back(point.work);
  }
  json["features"] = points;
  json["works"] = works;
  json["weights"] = process.weights();
  json["noises"] = process.noises();
  return json;
}

std::vector<double> lower_triangle(const std::vector<double>& square) {
  const auto side = static_cast<std::size_t>(std::lround(std::sqrt(static_cast<double>(square.size()))));
  std::vector<double> lower;
  for (std::size_t row = 0; row < side; ++row)
    for (std::size_t column = 0; column <= row; ++column) lower.push_back(square[row * side + column]);
  return lower;
}

OrderedJson json_of(const GroupLaw& law) {
  OrderedJson json;
  json["points"] = law.points;
  json["noise"] = law.noise;
  json["held_out"] = json_of(law.held_out);
  json["parameters"] = json_of(law.group);
  json["covariance"] = lower_triangle(law.covariance);
  if (!law.residual.empty()) json["residual"] = json_of(law.residual);
  return json;
}

OrderedJson json_of(const PowerMode& mode) {
  return {
      {"cores", mode.cores}, {"cpu_khz", mode.cpu_khz}, {"gpu_khz", mode.gpu_khz}, {"emc_khz", mode.emc_khz}};
}

OrderedJson json_of(const GroupModel& model) {
  OrderedJson json;
  json["workload"] = model.group.name;
  json["role"] = workloads::name_of(model.group.role);
  json["work"] = name_of(model.group.source);
  if (model.group.source == WorkSource::fitted) {
    json["nominal_flop_per_sample"] = model.group.work.classes.front().flop_per_sample;
    json["nominal_bytes_per_sample"] = model.group.work.classes.front().bytes_per_sample;
  }
  json["checked"] = {{"low", json_of(model.range.low)},
                     {"high", json_of(model.range.high)},
                     {"low_batch", model.range.low_batch},
                     {"high_batch", model.range.high_batch}};
  json["time"] = json_of(model.time);
  json["power"] = json_of(model.power);
  return json;
}

// --- reading ---

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

HeldOutError read_held_out(ObjectReader in) {
  HeldOutError error;
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
  const auto features = in.numbers("features", any_number);
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

GroupLaw read_law(ObjectReader in, const std::vector<Parameter>& expected, std::size_t board_parameters) {
  GroupLaw law;
  law.points = in.integer("points", 0, 1'000'000'000);
  law.noise = in.number("noise", between(0, 1e6));
  law.held_out = read_held_out(in.object("held_out"));
  law.group = read_parameters(in, "parameters", expected);
  const auto lower = in.numbers("covariance", any_number);
  if (in.has("residual")) law.residual = read_residual(in.object("residual"));
  in.reject_unknown_keys();
  const std::size_t side = board_parameters + expected.size();
  if (!in.failed() && lower.size() != side * (side + 1) / 2)
    in.fail("covariance",
            fmt::format("the {} numbers of a lower triangle are expected", side * (side + 1) / 2));
  if (in.failed()) return law;
  law.covariance.resize(side * side);
  for (std::size_t row = 0, at = 0; row < side; ++row)
    for (std::size_t column = 0; column <= row; ++column, ++at)
      law.covariance[row * side + column] = law.covariance[column * side + row] = lower[at];
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

GroupModel read_group(const DeviceSpec& spec, ObjectReader& in) {
  GroupModel model;
  model.group = read_group_head(spec, in);
  ObjectReader checked = in.object("checked");
  model.range.low = read_mode(checked.object("low"));
  model.range.high = read_mode(checked.object("high"));
  model.range.low_batch = checked.integer("low_batch", 0, 1'000'000);
  model.range.high_batch = checked.integer("high_batch", 0, 1'000'000);
  checked.reject_unknown_keys();
  if (in.failed()) return model;
  model.time = read_law(in.object("time"), time_priors(spec, model.group, 0), time_board_parameters);
  model.power = read_law(in.object("power"), power_priors(spec, model.group), power_board_parameters);
  in.reject_unknown_keys();
  return model;
}

void read_meters(ObjectReader& in, CalibratedModel& model) {
  if (!in.has("meters")) return;
  for (ObjectReader& meter : in.objects("meters")) {
    const PowerKind kind = power_kind_of(meter.choice("power_kind", power_kinds));
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
    model.counted[{workload, {role, batch}}] = {flop, entry.number("bytes", between(0, 1e300))};
    entry.reject_unknown_keys();
  }
}

}  // namespace

bool is_model_file(const Json& json) {
  return json.is_object() && json.contains("schema") && json["schema"].is_string() &&
         json["schema"].get<std::string>().starts_with("wattline-model/");
}

std::string write_model(const CalibratedModel& model, bool name_device) {
  OrderedJson json;
  json["schema"] = schema;
  json["power_kind"] = name_of(model.power_kind);
  if (!model.source.empty()) json["source"] = model.source;
  if (!model.profiles_sha256.empty()) json["profiles_sha256"] = model.profiles_sha256;
  json["board_time"] = json_of(model.board_time);
  json["board_power"] = json_of(model.board_power);
  if (!model.meters.empty()) {
    OrderedJson meters = OrderedJson::array();
    for (const auto& [kind, parameters] : model.meters)
      meters.push_back({{"power_kind", name_of(kind)}, {"parameters", json_of(parameters)}});
    json["meters"] = meters;
  }
  if (!model.counted.empty()) {
    OrderedJson counted = OrderedJson::array();
    for (const auto& [key, work] : model.counted)
      counted.push_back({{"workload", key.first},
                         {"role", workloads::name_of(key.second.role)},
                         {"batch", key.second.batch},
                         {"flop", work.flop},
                         {"bytes", work.bytes}});
    json["counted"] = counted;
  }
  OrderedJson groups = OrderedJson::array();
  for (const GroupModel& group : model.groups) groups.push_back(json_of(group));
  json["workloads"] = groups;
  if (name_device)
    json["device"] = model.spec.name;
  else
    json["device"] = OrderedJson::parse(model.spec_text, nullptr, true, true);
  return json.dump(1) + "\n";
}

Result<CalibratedModel> parse_model(const std::string& text, const std::string& name) {
  const auto json = parse_json(text, name);
  if (!json) return json.error();
  MaybeError error;
  ObjectReader in(*json, name, error);
  CalibratedModel model;
  (void)in.choice("schema", {schema});
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
  for (ObjectReader& group : in.objects("workloads")) model.groups.push_back(read_group(model.spec, group));
  in.reject_unknown_keys();
  if (error) return *error;
  return model;
}

std::vector<std::string> shipped_models() {
  std::vector<std::string> names;
  for (const EmbeddedFile& file : embedded_models())
    names.push_back(file.file_name.substr(0, file.file_name.rfind('.')));
  return names;
}

namespace {

Result<CalibratedModel> shipped_model(const std::string& name) {
  const auto spec = find_device(name);
  if (!spec) return spec.error();
  for (const EmbeddedFile& file : embedded_models())
    if (file.file_name == spec->name + ".json") return parse_model(file.text, built_in_prefix + spec->name);
  return bad_input(
      fmt::format("no model of {} is built in; there are those of {}", spec->name, joined(shipped_models())));
}

}  // namespace

Result<CalibratedModel> read_model(const std::string& path) {
  const std::string prefix = built_in_prefix;
  if (path.starts_with(prefix)) return shipped_model(path.substr(prefix.size()));
  const auto text = read_text_file(path);
  if (!text) return text.error();
  return parse_model(*text, path);
}

}  // namespace wattline::devices::calibration
