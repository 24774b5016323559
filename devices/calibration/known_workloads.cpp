#include "devices/calibration/known_workloads.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "sim/base/text.hpp"
#include "workloads/catalog.hpp"
#include "workloads/workload_name.hpp"

namespace wattline::devices::calibration {

using workloads::Role;

namespace {

// A workload that the model holds by name, in one role.
struct Profiled {
  std::string network;
  std::string stack;
  Role role;
  auto operator<=>(const Profiled&) const = default;
};

Profiled profiled(const std::string& full_name, Role role) {
  const auto at = full_name.find('@');
  return {full_name.substr(0, at), full_name.substr(at + 1), role};
}

// Of the user's own networks: the catalogue's need no profile.
std::set<Profiled> own_workloads(const CalibratedModel& model) {
  std::set<Profiled> own;
  for (const GroupModel& group : model.groups)
    if (group.group.source == WorkSource::fitted) own.insert(profiled(group.group.name, group.group.role));
  for (const auto& [key, work] : model.counted) {
    // A transferred model may lack the stack's pool, on a board that lacks the stack.
    const Profiled counted = profiled(key.first, key.second.role);
    if (model.find("counted@" + counted.stack, counted.role)) own.insert(counted);
  }
  return own;
}

// "a, b and 7 more": messages stay short whatever the model holds.
std::string first_few(const std::vector<std::string>& names) {
  constexpr std::size_t shown = 6;
  if (names.size() <= shown) return joined(names);
  return fmt::format("{} and {} more", joined(std::span(names).first(shown)), names.size() - shown);
}

// What is wrong with a network of the catalogue, which the model knows on every stack of the board.
Error wrong_stack(const DeviceSpec& spec, const std::string& workload, Role role) {
  const auto group = known_group(spec, workload, role, false);
  if (!group) return group.error();
  std::vector<std::string> known;
  for (const SoftwareStack& stack : spec.stacks) known.push_back(stack.name);
  return bad_input(fmt::format("'{}' was not profiled for {}, and {} has no software stack '{}'; its own: {}",
                               workload, workloads::name_of(role), spec.name, group->stack.name,
                               joined(known)));
}

// A network of the user's own, asked for in a role or on a stack without profiles.
Error not_so_profiled(const std::set<Profiled>& own, const Profiled& asked) {
  std::vector<std::string> roles;
  std::vector<std::string> elsewhere;
  for (const Profiled& other : own) {
    if (other.network != asked.network) continue;
    if (other.stack == asked.stack) roles.push_back(workloads::name_of(other.role));
    elsewhere.push_back(fmt::format("{}@{} ({})", other.network, other.stack, name_of(other.role)));
  }
  if (!roles.empty()) {
    return bad_input(fmt::format("'{}@{}' was profiled for {} only; {} needs profiles of its own",
                                 asked.network, asked.stack, joined(roles), name_of(asked.role)));
  }
  return bad_input(fmt::format("'{}@{}' was not profiled; profiled: {}", asked.network, asked.stack,
                               first_few(elsewhere)));
}

Error unknown_network(const std::set<Profiled>& own, const std::string& network) {
  std::vector<std::string> names;
  for (const Profiled& each : own)
    if (names.empty() || names.back() != each.network) names.push_back(each.network);
  std::vector<std::string> all = names;
  for (const workloads::Dnn& dnn : workloads::catalog()) all.push_back(dnn.name);
  const auto nearest = nearest_name(network, all);
  return bad_input(fmt::format("'{}' is not a known workload{}; 'wattline workloads' lists the networks{}",
                               network.substr(0, 200),
                               nearest ? fmt::format(", did you mean '{}'?", *nearest) : "",
                               names.empty() ? "" : ", the model adds " + first_few(names)));
}

// The value at `batch` of the line through two points. Counts are whole numbers.
double on_line(double batch, double batch_a, double a, double batch_b, double b) {
  return std::round(a + (b - a) * (batch - batch_a) / (batch_b - batch_a));
}

}  // namespace

std::vector<std::int64_t> counted_batches(const CalibratedModel& model, const std::string& workload,
                                          Role role) {
  const std::string name = full_name(model.spec, workload);
  std::vector<std::int64_t> batches;
  for (auto at = model.counted.lower_bound({name, {role, 0}}); at != model.counted.end(); ++at) {
    if (at->first.first != name || at->first.second.role != role) break;
    batches.push_back(at->first.second.batch);
  }
  return batches;
}

Result<CountedWork> counted_work(const CalibratedModel& model, const std::string& workload, Role role,
                                 std::int64_t batch) {
  const std::string name = full_name(model.spec, workload);
  const auto known = model.counted.find({name, {role, batch}});
  if (known != model.counted.end()) return known->second;
  const std::vector<std::int64_t> batches = counted_batches(model, workload, role);
  if (batches.size() < 2) {
    return bad_input(
        fmt::format("'{}' was profiled for {} at batch {} only, and one batch does not tell FLOP and bytes "
                    "of another; profile a second one to use batch {}",
                    name, workloads::name_of(role), batches.front(), batch));
  }
  const auto above = std::upper_bound(batches.begin() + 1, batches.end() - 1, batch);
  const CountedWork& low = model.counted.at({name, {role, *(above - 1)}});
  const CountedWork& high = model.counted.at({name, {role, *above}});
  const auto at = [&](double a, double b) {
    return on_line(static_cast<double>(batch), static_cast<double>(*(above - 1)), a,
                   static_cast<double>(*above), b);
  };
  const CountedWork work{at(low.flop, high.flop), at(low.bytes, high.bytes)};
  if (work.flop >= 0 && work.bytes >= 0 && work.flop + work.bytes > 0) return work;
  return bad_input(
      fmt::format("'{}' for {}: FLOP and bytes at batches {} and {} lead to less than nothing at batch {}",
                  name, workloads::name_of(role), *(above - 1), *above, batch));
}

Error unknown_workload(const CalibratedModel& model, const std::string& workload, Role role) {
  const auto name = workloads::parse_workload_name(workload);
  if (!name) return name.error();
  const std::set<Profiled> own = own_workloads(model);
  const Profiled asked = profiled(full_name(model.spec, workload), role);
  const bool is_own = std::any_of(own.begin(), own.end(),
                                  [&](const Profiled& each) { return each.network == asked.network; });
  if (is_own) return not_so_profiled(own, asked);
  if (workloads::find_dnn(name->network)) return wrong_stack(model.spec, workload, role);
  return unknown_network(own, name->network);
}

}  // namespace wattline::devices::calibration
