// Reads the software stacks of a device spec (the format is described in spec_reader.cpp).
#pragma once

#include <vector>

#include "devices/device_spec.hpp"
#include "devices/sourced_reader.hpp"

namespace wattline::devices {

// A stack is refused where the board cannot run it: a precision that the GPU does not have, an
// accelerator that is not there. `spec` has its GPU and its accelerators already.
std::vector<SoftwareStack> read_stacks(SourcedReader& file, const DeviceSpec& spec);

}  // namespace wattline::devices
