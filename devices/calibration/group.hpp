// What is fitted together: the profiles of one workload in one role on one software stack.
//
// Where the work of a minibatch comes from:
//   catalogue  a network of ours: its kernels, merged into classes
//   counted    every profile brings its own FLOP and bytes (sub-graphs, matrix products, networks of the
//              user's own); all of one stack are one group, "counted@STACK"
//   fitted     nothing is known but the profiles: FLOP and bytes per sample are nominal, and the
//              efficiencies that multiply them are fitted with wide priors
// Value types; pure functions.
#pragma once

#include <optional>
#include <string>

#include "devices/calibration/fit.hpp"
#include "devices/calibration/residual_process.hpp"
#include "devices/calibration/work.hpp"
#include "devices/device_spec.hpp"
#include "devices/profile.hpp"

namespace wattline::devices::calibration {

enum class WorkSource { catalogue, counted, fitted };
const char* name_of(WorkSource source);

struct Group {
  std::string name;  // "resnet50@pytorch-fp32", "counted@cublas-fp32"; always with its stack
  workloads::Role role = workloads::Role::infer;
  WorkSource source = WorkSource::fitted;
  SoftwareStack stack;
  bool stack_known = true;  // of the board; else a stand-in of that name with the default's parameters
  Work work;                // empty where counted
};

// One minibatch whose cost is asked for, or was measured.
struct Point {
  std::int64_t batch = 1;
  PowerMode mode;              // active_sms 0: all
  std::optional<double> flop;  // counted work only
  std::optional<double> bytes;
};

// The group of a workload, without profiles: catalogue or counted; for any other name an error that names
// the nearest network or stack. `counted`: whether the point brings its own FLOP and bytes.
Result<Group> known_group(const DeviceSpec& spec, const std::string& workload, workloads::Role role,
                          bool counted);

// A group whose work is fitted. The nominal work is chosen so that a median profile is half compute
// and a third memory at the stack's typical efficiency; without a time it is empty.
Group fitted_group(const DeviceSpec& spec, const std::string& workload, workloads::Role role,
                   const std::vector<ProfileRow>& rows);

// "resnet50" -> "resnet50@pytorch-fp32"; a name with a stack stays. Precondition: a valid name.
std::string full_name(const DeviceSpec& spec, const std::string& workload);

Setting setting_of(const DeviceSpec& spec, const Group& group, const Point& point);

// Features of the residual process. `work`: identity of the work, from work_identity().
ResidualPoint residual_point(const DeviceSpec& spec, const Group& group, const Point& point);

// Priors of a group's parameters: the board's spec where it has values (their spread says how sure the
// spec is), else ranges that hold on every board. `typical_time_s`: of the profiles at hand, or 0.
std::vector<Parameter> time_priors(const DeviceSpec& spec, const Group& group, double typical_time_s);
std::vector<Parameter> power_priors(const DeviceSpec& spec, const Group& group);
std::vector<Parameter> board_time_priors(const DeviceSpec& spec);
// `kind`: what the meter reads; a spec is of module rails, another meter adds carrier and supply losses.
std::vector<Parameter> board_power_priors(const DeviceSpec& spec, PowerKind kind);
std::vector<Parameter> meter_priors();

}  // namespace wattline::devices::calibration
