// What the hand-traced runs of the accelerator are made of: costs that are given and arrivals that are
// listed.
#pragma once

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "sim/accelerator.hpp"

namespace wattline::sim {

class FixedPoint final : public OperatingPoint {
 public:
  FixedPoint(MinibatchCost infer, MinibatchCost train, RailPowerUw idle_uw)
      : infer_(infer), train_(train), idle_uw_(idle_uw) {}
  MinibatchCost minibatch(Work work) override { return work == Work::infer ? infer_ : train_; }
  RailPowerUw idle_power_uw() const override { return idle_uw_; }

 private:
  MinibatchCost infer_, train_;
  RailPowerUw idle_uw_;
};

class ListedArrivals final : public ArrivalProcess {
 public:
  explicit ListedArrivals(std::vector<TimeNs> instants) : instants_(std::move(instants)) {}
  std::size_t next(std::span<TimeNs> out) override {
    const std::size_t count = std::min(out.size(), instants_.size() - made_);
    std::copy_n(instants_.begin() + static_cast<std::ptrdiff_t>(made_), count, out.begin());
    made_ += count;
    return count;
  }

 private:
  std::vector<TimeNs> instants_;
  std::size_t made_ = 0;
};

}  // namespace wattline::sim
