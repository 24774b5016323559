#include "workloads/input_pipeline/page_cache.hpp"

#include "sim/elementary.hpp"

namespace wattline::workloads {

PageCache::PageCache(std::uint32_t samples, std::uint32_t capacity)
    : ends_(samples), capacity_(capacity), links_(std::size_t{samples} + 1) {
  links_[ends_] = {ends_, ends_};
}

double shuffled_hit_rate(double share) {
  return share < 1 ? share + (1 - share) * sim::log(1 - share) : 1;
}

}  // namespace wattline::workloads
