// What serving adds to the device's own latency: network, client and request handling.
//
// A request takes one of two kinds of overhead. The parallel part overlaps with the service of other
// requests (network, client, parsing on another core): it delays its own request and nobody else's. The
// serialised part is spent by the one thread that feeds the device, once a minibatch, while the device
// waits (handing over a result, taking the next request, an interpreter's lock): it lengthens the service,
// so it is what matters near saturation.
//
// The parallel part is lognormal with the given mean and coefficient of variation, independent of the
// queue. For Poisson arrivals it makes no difference whether it falls before the queue or after: randomly
// delayed Poisson arrivals are Poisson arrivals of the same rate (displacement theorem).
#pragma once

#include <vector>

#include "sim/random.hpp"
#include "sim/statistics.hpp"
#include "sim/time.hpp"

namespace wattline::sim {

struct ServingOverhead {
  TimeNs parallel_mean_ns = 0;
  double parallel_cv = 0;    // standard deviation / mean
  TimeNs serialised_ns = 0;  // per minibatch

  bool none() const { return parallel_mean_ns == 0 && serialised_ns == 0; }
};

// A lognormal variable of mean 1 and the given coefficient of variation, from a standard normal one:
// e^(s z - s^2/2) with s^2 = log(1 + cv^2). Pure; bit-exact on every machine.
class UnitLognormal {
 public:
  explicit UnitLognormal(double cv);  // cv >= 0
  double operator()(double standard_normal) const;

 private:
  double sigma_;
};

// The latency that clients see: the device's, which holds the serialised part already, plus the parallel
// part. The mean is exact. Percentiles are of the sum of the two distributions, from 2^17 draws of the
// overhead over 2^11 quantiles of the device's latency; without spread they are shifted exactly.
class ClientLatency {
 public:
  // Precondition: device_ns is not empty.
  ClientLatency(const StreamingStatistics& device_ns, const ServingOverhead& overhead, RandomStream stream);

  double mean_ns() const { return mean_ns_; }
  double percentile_ns(double q) const;  // nearest rank; 0 <= q <= 1
  double share_above(TimeNs limit_ns) const;

 private:
  double mean_ns_;
  std::vector<double> sorted_ns_;
};

}  // namespace wattline::sim
