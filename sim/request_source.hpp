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
    // Without a way out of the loop, so that it takes few instructions.
    bool ascends = count_ == 0 || block_[0] >= last_ns_;
    for (std::size_t i = 1; i < count_; ++i) ascends &= block_[i] >= block_[i - 1];
    if (!ascends || (count_ > 0 && block_[count_ - 1] > longest_time_ns)) [[unlikely]]
      cut_at_refused();
    if (count_ > 0) {
      last_ns_ = block_[count_ - 1];
      return;
    }
    exhausted_ = !refused_;
    block_[0] = never;
    count_ = 1;
  }

  // Something in the block is not accepted: only what comes before it counts.
  void cut_at_refused() {
    TimeNs before_ns = last_ns_;
    std::size_t accepted = 0;
    while (block_[accepted] >= before_ns && block_[accepted] <= longest_time_ns)
      before_ns = block_[accepted++];
    refused_ = block_[accepted];
    count_ = accepted;
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
