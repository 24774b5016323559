// The arrivals of a scenario or experiment, from its configuration.
//
//   {"kind": "uniform",   "rate_hz": 60, "requests": 100000}
//   {"kind": "poisson",   "rate_hz": 60, "requests": 100000}
//   {"kind": "piecewise", "segments": [{"duration_s": 60, "rate_hz": 30}, ...], "spacing": "poisson"}
//   {"kind": "csv",       "file": "arrivals.csv"}                       as recorded
//   {"kind": "azure_llm", "file": "AzureLLMInferenceTrace_conv.csv", "rate_hz": 60}   scaled to a rate
//
// "requests" may be left out where the run has a duration. A log with "if_missing": "poisson" is
// replaced by Poisson arrivals where its file does not exist.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "experiments/run_directory.hpp"
#include "sim/accelerator.hpp"
#include "sim/base/strict_json.hpp"
#include "workloads/arrivals.hpp"

namespace wattline::experiments {

struct ArrivalSource {
  enum class Kind { none, uniform, poisson, piecewise, recorded };
  Kind kind = Kind::none;
  double rate_hz = 0;  // 0: as recorded, or piecewise
  std::uint64_t requests = workloads::unlimited_requests;
  std::vector<workloads::RateSegment> segments;
  bool poisson_spacing = true;      // of piecewise arrivals
  std::vector<sim::TimeNs> log_ns;  // of recorded arrivals, not scaled
  std::vector<InputFile> inputs;
  std::string note;  // for the user, when a log was replaced

  bool finite() const;
  // rate_hz where it is given, else the mean rate of the log or of the segments; 0 when there is none.
  double mean_rate_hz() const;
};

// `rate_from_caller`: the rate is not part of the configuration but given by each use (replays of a
// comparison); "piecewise" and "rate_hz" are then not accepted.
ArrivalSource read_arrival_source(ObjectReader in, const std::string& base, bool rate_from_caller);

// The recorded instants as they are to be replayed: scaled when rate_hz > 0.
Result<std::vector<sim::TimeNs>> instants_at_rate(const ArrivalSource& source, double rate_hz);

// A process for one run. `log_ns` are the instants of a recorded source, and outlive the run. `stream` names
// the random stream of the gaps.
std::unique_ptr<sim::ArrivalProcess> make_arrivals(const ArrivalSource& source, double rate_hz,
                                                   std::uint64_t seed, const std::vector<sim::TimeNs>& log_ns,
                                                   const std::string& stream = "arrivals");

}  // namespace wattline::experiments
