// A stream's requests on their way in: fetched from its arrival process in blocks, and the instant of the
// next.
#pragma once

#include <array>
#include <optional>

#include "sim/operating_point.hpp"

namespace wattline::sim {

class RequestSource {
 public:
  // `arrivals` may be null: then none come. Borrowed.
  explicit RequestSource(ArrivalProcess* arrivals) : arrivals_(arrivals) {}

  // When the next request comes; `never` when no more will, and where its instant would be before that of the
  // one before it, or beyond the clock: then refused() is it.
  TimeNs next() {
    if (upcoming_ == count_) [[unlikely]]
      fetch();
    return block_[upcoming_++];
  }

  bool exhausted() const { return exhausted_; }
  const std::optional<TimeNs>& refused() const { return refused_; }

 private:
  // The next block up to the first instant that is not accepted, or `never` alone. Out of line, to keep
  // next() small.
  [[gnu::noinline]] void fetch() {
    count_ = refused_ || arrivals_ == nullptr ? 0 : arrivals_->next(block_);
    upcoming_ = 0;
    for (std::size_t i = 0; i < count_; ++i) {
      if (block_[i] >= last_ns_ && block_[i] <= longest_time_ns) {
        last_ns_ = block_[i];
        continue;
      }
      refused_ = block_[i];
      count_ = i;
    }
    if (count_ > 0) return;
    exhausted_ = !refused_;
    block_[0] = never;
    count_ = 1;
  }

  ArrivalProcess* arrivals_;
  std::array<TimeNs, 256> block_;
  std::size_t upcoming_ = 0;
  std::size_t count_ = 0;
  TimeNs last_ns_ = 0;
  bool exhausted_ = false;
  std::optional<TimeNs> refused_;
};

}  // namespace wattline::sim
