#include "workloads/arrivals.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace wattline::workloads {

using sim::TimeNs;

namespace {

TimeNs rounded(double time_ns) {
  // An instant beyond the clock becomes the first one that the run refuses.
  if (time_ns > static_cast<double>(sim::longest_time_ns)) return sim::longest_time_ns + 1;
  // What llround gives for what is not negative, without a call.
  const auto whole_ns = static_cast<TimeNs>(time_ns);
  return whole_ns + (time_ns - static_cast<double>(whole_ns) >= 0.5 ? 1 : 0);
}

}  // namespace

std::size_t UniformArrivals::next(std::span<TimeNs> out) {
  std::size_t filled = 0;
  for (; filled < out.size() && made_ < requests_; ++filled) {
    // From the index, not by adding gaps: errors do not pile up.
    out[filled] = rounded(static_cast<double>(++made_) * 1e9 / rate_hz_);
  }
  return filled;
}

std::size_t PoissonArrivals::next(std::span<TimeNs> out) {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), requests_ - made_));
  std::array<double, 256> gaps_ns;
  for (std::size_t filled = 0; filled < count;) {
    const std::span<double> block(gaps_ns.data(), std::min(gaps_ns.size(), count - filled));
    stream_.exponential(mean_gap_ns_, block);
    for (const double gap_ns : block) out[filled++] = rounded(now_ns_ += gap_ns);
  }
  made_ += count;
  return count;
}

std::size_t PiecewiseArrivals::next(std::span<TimeNs> out) {
  std::size_t filled = 0;
  while (filled < out.size() && segment_ < segments_.size()) {
    const RateSegment& segment = segments_[segment_];
    const double expected = segment.duration_s * segment.rate_hz;
    // An arrival that rounding puts just beyond the end belongs to the segment all the same.
    if (segment.rate_hz > 0 && due_ <= expected + 1e-9) {
      // From the segment's start, not by adding gaps: errors do not pile up.
      out[filled++] = rounded((segment_start_s_ + due_ / segment.rate_hz) * 1e9);
      due_ += gap();
    } else {
      due_ -= expected;
      segment_start_s_ += segment.duration_s;
      ++segment_;
    }
  }
  return filled;
}

std::size_t RecordedArrivals::next(std::span<TimeNs> out) {
  const std::size_t count = std::min(out.size(), instants_ns_.size() - made_);
  std::copy_n(instants_ns_.begin() + static_cast<std::ptrdiff_t>(made_), count, out.begin());
  made_ += count;
  return count;
}

Result<std::vector<TimeNs>> scaled_to_rate(const std::vector<TimeNs>& instants_ns, double rate_hz) {
  if (instants_ns.size() < 2 || instants_ns.back() == instants_ns.front()) {
    return bad_input(
        fmt::format("a log of {} requests has no rate to scale; two at different instants are needed",
                    instants_ns.size()));
  }
  const double first_ns = static_cast<double>(instants_ns.front());
  const double gap_ns =
      (static_cast<double>(instants_ns.back()) - first_ns) / static_cast<double>(instants_ns.size() - 1);
  const double stretch = 1e9 / rate_hz / gap_ns;
  std::vector<TimeNs> scaled;
  scaled.reserve(instants_ns.size());
  for (const TimeNs instant_ns : instants_ns) {
    scaled.push_back(rounded((static_cast<double>(instant_ns) - first_ns + gap_ns) * stretch));
  }
  return scaled;
}

}  // namespace wattline::workloads
