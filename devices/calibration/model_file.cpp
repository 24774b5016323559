#include "devices/calibration/model_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "devices/embedded_files.hpp"
#include "sim/base/strict_json.hpp"
#include "sim/base/text.hpp"

namespace wattline::devices::calibration {

namespace {

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

OrderedJson json_of(const ErrorSummary& error) {
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
  return {{"cores", mode.cores},
          {"cpu_khz", mode.cpu_khz},
          {"gpu_khz", mode.gpu_khz},
          {"emc_khz", mode.emc_khz},
          {"active_sms", mode.active_sms}};
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
  if (model.range.high_flop > 0 || model.range.high_bytes > 0) {
    json["checked"]["low_flop"] = model.range.low_flop;
    json["checked"]["high_flop"] = model.range.high_flop;
    json["checked"]["low_bytes"] = model.range.low_bytes;
    json["checked"]["high_bytes"] = model.range.high_bytes;
  }
  json["time"] = json_of(model.time);
  json["power"] = json_of(model.power);
  return json;
}

}  // namespace

bool is_model_file(const Json& json) {
  return json.is_object() && json.contains("schema") && json["schema"].is_string() &&
         json["schema"].get<std::string>().starts_with("wattline-model/");
}

std::string write_model(const CalibratedModel& model, bool name_device) {
  OrderedJson json;
  json["schema"] = model_schema;
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
