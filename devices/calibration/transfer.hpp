// Priors of a calibration: what the board's spec says of the groups, moved by what a base model has learnt of
// another workload or board.
//
// Of the same board, bandwidths and power are taken; of a group of the same name, everything; of another
// group of the same stack, how far its data moved it; of a network whose work is fitted, the shape alone.
// Power of the board, for workloads that the base does not know, is taken coarsely (transfer.cpp): two
// workloads split it between clocks and energies in different ways, which the law cannot tell. Pure.
#pragma once

#include "devices/calibration/intake.hpp"

namespace wattline::devices::calibration {

// The group of a base model that is nearest in kind: the same name, else the same stack and source, or null.
const GroupModel* nearest_group(const CalibratedModel& base, const Group& group);

// With options.base null: the priors of group.hpp.
ParameterSet time_priors_of(const DeviceSpec& spec, const Intake& intake, const CalibrationOptions& options);
ParameterSet power_priors_of(const DeviceSpec& spec, const Intake& intake, const CalibrationOptions& options);

// Lists in the report the priors that the base model changed, and notes what of it could not be taken.
void note_transfer(const DeviceSpec& spec, const Intake& intake, const CalibrationOptions& options,
                   CalibrationReport& report);

}  // namespace wattline::devices::calibration
