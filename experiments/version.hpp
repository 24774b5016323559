// What this build is.
#pragma once

#include <string>

namespace wattline::experiments {

std::string version();   // "0.1.0"
std::string commit();    // of the checkout it was built from; "-modified" is appended when it had changes
std::string compiler();  // "GCC 12.2.0"

}  // namespace wattline::experiments
