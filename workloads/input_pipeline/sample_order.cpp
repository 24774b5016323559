#include "workloads/input_pipeline/sample_order.hpp"

#include <numeric>
#include <utility>

namespace wattline::workloads {

namespace {

bool is_known(std::uint32_t samples, std::uint32_t read_an_epoch, std::uint32_t cached) {
  return cached == 0 || (cached >= samples && read_an_epoch == samples);
}

}  // namespace

SampleOrder::SampleOrder(std::uint32_t samples, std::uint32_t read_an_epoch, std::uint32_t cached,
                         std::uint64_t seed)
    : keeps_order_(!is_known(samples, read_an_epoch, cached)),
      all_cached_(cached >= samples),
      order_(keeps_order_ ? samples : 0),
      cache_(keeps_order_ ? samples : 0, cached),
      draws_(seed, "input pipeline/sample order") {
  std::iota(order_.begin(), order_.end(), 0);
}

std::uint32_t SampleOrder::read(std::uint32_t count) {
  if (!keeps_order_) return all_cached_ && !first_epoch_ ? 0 : count;
  std::uint32_t missed = 0;
  for (std::uint32_t i = 0; i < count; ++i, ++place_) {
    std::swap(order_[place_], order_[place_ + draws_.below(order_.size() - place_)]);
    missed += cache_.access(order_[place_]) ? 0 : 1;
  }
  return missed;
}

}  // namespace wattline::workloads
