// The middle of a list.
#pragma once

#include <vector>

namespace wattline {

// Half of the values are not above it and half not below; of an even number of values the mean of the two
// middle ones. Precondition: not empty.
double median(std::vector<double> values);

}  // namespace wattline
