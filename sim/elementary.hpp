// Logarithm and exponential, specified to the bit.
//
// The C library's log and exp may differ in the last bit between machines; simulated results must
// not. These use only IEEE 754 additions, multiplications, divisions and exact bit operations, so
// every conforming machine gives the same bits. Error against the exact value: below 1 ulp (tested
// against the library's). Pure functions.
#pragma once

#include <span>

namespace wattline::sim {

// Natural logarithm. log(0) = -infinity; of a negative number or NaN: NaN; log(+infinity) = +infinity.
double log(double x);

// Replaces each by its logarithm, to the same bits as log. Precondition: all are positive and normal.
void log_of_normals(std::span<double> values);

// e^x. Overflows to +infinity above 709.78, underflows to 0 below -745.13; exp(NaN) = NaN.
double exp(double x);

}  // namespace wattline::sim
