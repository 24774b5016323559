#include "experiments/calibration/predictions.hpp"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <map>
#include <tuple>
#include <unordered_map>

#include "devices/calibration/intake.hpp"
#include "devices/calibration/known_workloads.hpp"
#include "sim/base/text.hpp"
#include "workloads/catalog.hpp"

namespace wattline::experiments {

using devices::ProfileRow;
using devices::calibration::Band;
using devices::calibration::GroupModel;

namespace {

const char* const columns[] = {"device",      "workload",     "role",         "batch",
                               "cores",       "cpu_khz",      "gpu_khz",      "emc_khz",
                               "time_ms",     "time_low_ms",  "time_high_ms", "power_w",
                               "power_low_w", "power_high_w", "time_checked", "power_checked"};

double low(const Band& band) {
  return band.value * std::exp(-band.sigma);
}
double high(const Band& band) {
  return band.value * std::exp(band.sigma);
}

using Key = std::tuple<std::string, workloads::Role, std::int64_t, devices::PowerMode, double, double>;

struct KeyHash {
  std::size_t operator()(const Key& key) const {
    const auto& mode = std::get<3>(key);
    std::size_t hash = std::hash<std::string>{}(std::get<0>(key));
    for (const std::size_t part :
         {static_cast<std::size_t>(std::get<1>(key)), static_cast<std::size_t>(std::get<2>(key)),
          static_cast<std::size_t>(mode.cores), static_cast<std::size_t>(mode.cpu_khz),
          static_cast<std::size_t>(mode.gpu_khz), static_cast<std::size_t>(mode.emc_khz),
          static_cast<std::size_t>(mode.active_sms), std::hash<double>{}(std::get<4>(key)),
          std::hash<double>{}(std::get<5>(key))})
      hash = (hash ^ part) * 0x100000001b3ULL;
    return hash;
  }
};

// The group that has profiles of the request's workload, or null: a pool of counted work only answers for
// work that brings its counts or, by name, between the batches of it that were profiled.
const GroupModel* profiled_group(const devices::HybridModel& model, const ProfileRow& request) {
  if (const GroupModel* group = model.model().find(request.workload, request.role)) return group;
  const std::string name = devices::calibration::full_name(model.model().spec, request.workload);
  if (workloads::find_dnn(name)) return nullptr;
  const auto batches = devices::calibration::counted_batches(model.model(), name, request.role);
  const bool between =
      !batches.empty() && batches.front() <= request.batch && request.batch <= batches.back();
  const std::string stack = name.substr(name.find('@'));
  return request.flop || between ? model.model().find("counted" + stack, request.role) : nullptr;
}

Prediction unanswered(const devices::HybridModel& model, const GroupModel* group, const ProfileRow& request) {
  devices::calibration::Point point{request.batch, request.mode, request.flop, request.bytes};
  if (point.mode.active_sms <= 0) point.mode.active_sms = model.model().spec.gpu.sms;
  const bool inside = group && group->range.holds(point);
  return {{}, inside && group->time.points > 0, inside && group->power.points > 0};
}

MaybeError check_request(const devices::HybridModel& model, const ProfileRow& request,
                         const std::string& name) {
  if (auto error = devices::calibration::check_profile(model.model().spec, name, request)) return error;
  if (request.power_kind == devices::PowerKind::unstated || request.power_kind == model.model().power_kind)
    return {};
  return bad_input(fmt::format("{}: line {}: power_kind: the model predicts '{}', not '{}'", name,
                               request.line, devices::name_of(model.model().power_kind),
                               devices::name_of(request.power_kind)));
}

// Distinct points of one work, which differ in their mode only.
struct SameWork {
  const ProfileRow* first = nullptr;
  const GroupModel* group = nullptr;  // of profiled_group()
  std::vector<devices::PowerMode> modes;
  std::vector<std::size_t> points;  // index into Predictions::of_points, per mode
};

using WorkKey = std::tuple<std::string, workloads::Role, std::int64_t, double, double>;

}  // namespace

Result<Predictions> predict_all(const devices::HybridModel& model, const std::vector<ProfileRow>& requests,
                                const std::string& name) {
  Predictions predictions;
  predictions.of_request.reserve(requests.size());
  std::unordered_map<Key, std::size_t, KeyHash> known;
  std::map<WorkKey, SameWork> works;
  for (const ProfileRow& request : requests) {
    const double flop = request.flop.value_or(-1);
    const double bytes = request.bytes.value_or(-1);
    const auto [at, is_new] =
        known.try_emplace(Key{request.workload, request.role, request.batch, request.mode, flop, bytes},
                          predictions.of_points.size());
    // The board and the power kind are no part of the point, but must be right in every row.
    const bool said_elsewhere =
        request.device == model.model().spec.name && request.power_kind == devices::PowerKind::unstated;
    if (is_new || !said_elsewhere)
      if (auto error = check_request(model, request, name)) return *error;
    if (is_new) {
      SameWork& work = works[{request.workload, request.role, request.batch, flop, bytes}];
      if (!work.first) {
        work.first = &request;
        work.group = profiled_group(model, request);
      }
      work.modes.push_back(request.mode);
      work.points.push_back(at->second);
      predictions.of_points.push_back(unanswered(model, work.group, request));
    }
    predictions.of_request.push_back(at->second);
    const Prediction& point = predictions.of_points[at->second];
    if (point.time_checked && point.power_checked) continue;
    if (predictions.outside++ == 0) predictions.first_outside_line = request.line;
  }
  for (const auto& [key, work] : works) {
    const ProfileRow& first = *work.first;
    const auto costs = model.predict(first.workload, first.role,
                                     {first.batch, first.mode, first.flop, first.bytes}, work.modes);
    if (!costs) return bad_input(fmt::format("{}: line {}: {}", name, first.line, costs.error().message));
    for (std::size_t i = 0; i < work.points.size(); ++i)
      predictions.of_points[work.points[i]].cost = (*costs)[i];
  }
  return predictions;
}

ResultTable predictions_table(const std::vector<ProfileRow>& requests, const Predictions& predictions) {
  ResultTable table;
  for (const char* column : columns) table.columns.push_back({column, 3});
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const ProfileRow& row = requests[i];
    const Prediction& at = predictions.of_points[predictions.of_request[i]];
    const Band& time = at.cost.time_s;
    const Band& power = at.cost.power_w;
    table.rows.push_back({row.device, row.workload, workloads::name_of(row.role), row.batch,
                          std::int64_t{row.mode.cores}, std::int64_t{row.mode.cpu_khz},
                          std::int64_t{row.mode.gpu_khz}, std::int64_t{row.mode.emc_khz}, time.value * 1e3,
                          low(time) * 1e3, high(time) * 1e3, power.value, low(power), high(power),
                          at.time_checked ? "yes" : "no", at.power_checked ? "yes" : "no"});
  }
  return table;
}

std::string predictions_csv(const std::vector<ProfileRow>& requests, const Predictions& predictions) {
  std::vector<std::string> tails;
  tails.reserve(predictions.of_points.size());
  for (const Prediction& at : predictions.of_points) {
    const Band& time = at.cost.time_s;
    const Band& power = at.cost.power_w;
    tails.push_back(fmt::format(",{},{},{},{},{},{},{},{}\n", shortest(time.value * 1e3),
                                shortest(low(time) * 1e3), shortest(high(time) * 1e3), shortest(power.value),
                                shortest(low(power)), shortest(high(power)), at.time_checked ? "yes" : "no",
                                at.power_checked ? "yes" : "no"));
  }
  std::string text = fmt::format("{}\n", fmt::join(columns, ","));
  text.reserve(text.size() + requests.size() * 180);
  for (std::size_t i = 0; i < requests.size(); ++i) {
    const ProfileRow& row = requests[i];
    fmt::format_to(std::back_inserter(text), "{},{},{},{},{},{},{},{}", csv_field(row.device),
                   csv_field(row.workload), workloads::name_of(row.role), row.batch, row.mode.cores,
                   row.mode.cpu_khz, row.mode.gpu_khz, row.mode.emc_khz);
    text += tails[predictions.of_request[i]];
  }
  return text;
}

}  // namespace wattline::experiments
