// When requests arrive: implementations of sim::ArrivalProcess.
//
// Instants are whole nanoseconds, ascending. All are finite when a count or an end is given; each is
// used by one run. Not thread-safe.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "sim/accelerator.hpp"
#include "sim/random.hpp"

namespace wattline::workloads {

inline constexpr std::uint64_t unlimited_requests = std::numeric_limits<std::uint64_t>::max();

// Equally spaced: request i (from 0) at (i + 1) / rate. Precondition: rate_hz > 0.
class UniformArrivals final : public sim::ArrivalProcess {
 public:
  explicit UniformArrivals(double rate_hz, std::uint64_t requests = unlimited_requests)
      : rate_hz_(rate_hz), requests_(requests) {}
  std::size_t next(std::span<sim::TimeNs> out) override;

 private:
  double rate_hz_;
  std::uint64_t requests_;
  std::uint64_t made_ = 0;
};

// Poisson: independent exponential gaps of mean 1 / rate. Precondition: rate_hz > 0.
class PoissonArrivals final : public sim::ArrivalProcess {
 public:
  PoissonArrivals(double rate_hz, sim::RandomStream stream, std::uint64_t requests = unlimited_requests)
      : mean_gap_ns_(1e9 / rate_hz), stream_(stream), requests_(requests) {}
  std::size_t next(std::span<sim::TimeNs> out) override;

 private:
  double mean_gap_ns_;
  sim::RandomStream stream_;
  std::uint64_t requests_;
  std::uint64_t made_ = 0;
  double now_ns_ = 0;
};

struct RateSegment {
  double duration_s = 0;  // above 0
  double rate_hz = 0;     // 0: no arrivals
};

// A rate that is constant in each segment, one segment after the other; it ends with the last.
// Poisson when a stream is given (a unit-rate process stretched by the rate, exact across segment
// boundaries), else equally spaced in the same stretched time.
class PiecewiseArrivals final : public sim::ArrivalProcess {
 public:
  explicit PiecewiseArrivals(std::vector<RateSegment> segments) : segments_(std::move(segments)) {}
  PiecewiseArrivals(std::vector<RateSegment> segments, sim::RandomStream stream)
      : segments_(std::move(segments)), stream_(stream), poisson_(true) {}
  std::size_t next(std::span<sim::TimeNs> out) override;

 private:
  double gap() { return poisson_ ? stream_.exponential(1) : 1; }

  std::vector<RateSegment> segments_;
  sim::RandomStream stream_{0, "unused"};
  bool poisson_ = false;
  std::size_t segment_ = 0;
  double segment_start_s_ = 0;
  double due_ = gap();  // the next arrival, in expected arrivals since the segment's start
};

// Recorded instants, ascending (the readers in traces/ check that); borrowed for the run.
class RecordedArrivals final : public sim::ArrivalProcess {
 public:
  explicit RecordedArrivals(std::span<const sim::TimeNs> instants_ns) : instants_ns_(instants_ns) {}
  std::size_t next(std::span<sim::TimeNs> out) override;

 private:
  std::span<const sim::TimeNs> instants_ns_;
  std::size_t made_ = 0;
};

// The log replayed so that its mean rate, (n - 1) / (last - first), becomes rate_hz: instants are
// shifted to start at one mean gap and stretched. Preconditions: ascending, rate_hz > 0. An error
// when there are fewer than two instants or all are equal.
Result<std::vector<sim::TimeNs>> scaled_to_rate(const std::vector<sim::TimeNs>& instants_ns, double rate_hz);

}  // namespace wattline::workloads
