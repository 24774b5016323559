// Which samples of a data set are in the page cache: the least recently used one makes room.
//
// All samples are of one size, so that the capacity is a number of samples. Exact LRU; Linux approximates it
// by two lists of pages (our reading: near enough where every sample is read once an epoch). Samples are
// linked by their numbers: 8 bytes a sample, access O(1). Not thread-safe.
#pragma once

#include <cstdint>
#include <vector>

namespace wattline::workloads {

class PageCache {
 public:
  // Samples are numbered 0 .. samples - 1; samples < 2^32 - 1. A capacity of 0 caches nothing.
  PageCache(std::uint32_t samples, std::uint32_t capacity);

  // The sample is read: whether it was in the cache. Afterwards it is the most recently used.
  bool access(std::uint32_t sample) {
    if (links_[sample].next != absent) {
      unlink(sample);
      link_first(sample);
      return true;
    }
    if (capacity_ == 0) return false;
    if (size_ == capacity_) {
      const std::uint32_t oldest = links_[ends_].previous;
      unlink(oldest);
      links_[oldest].next = absent;
    } else {
      ++size_;
    }
    link_first(sample);
    return false;
  }

 private:
  static constexpr std::uint32_t absent = UINT32_MAX;
  struct Link {
    std::uint32_t previous = absent;  // used more recently
    std::uint32_t next = absent;      // used less recently
  };

  void unlink(std::uint32_t sample) {
    const Link link = links_[sample];
    links_[link.previous].next = link.next;
    links_[link.next].previous = link.previous;
  }
  void link_first(std::uint32_t sample) {
    const std::uint32_t first = links_[ends_].next;
    links_[sample] = {ends_, first};
    links_[first].previous = sample;
    links_[ends_].next = sample;
  }

  std::uint32_t ends_;  // the link that closes the ring: next is the most, previous the least recently used
  std::uint32_t capacity_;
  std::uint32_t size_ = 0;
  std::vector<Link> links_;
};

// The expected share of samples that are in the cache, in an epoch after the first, where each epoch reads
// every sample once in a new random order, `share` = capacity / data set, and the data set is large:
//   h(f) = f + (1 - f) ln(1 - f) for f < 1, and 1 otherwise.
// Our derivation: a sample is read at place x of one epoch and y of the next, both uniform on [0, 1]. In
// between are the 1 - x samples that come after it in the first and the y that come before it in the second,
// y (1 - x) of which are the same. LRU still has it where those distinct ones fit,
//   (1 - x) + y - y (1 - x) = 1 - x + x y < f,  that is  y < 1 - (1 - f) / x  where x > 1 - f,
// and the integral of the right-hand side over x from 1 - f to 1 is h. Precondition: share >= 0.
double shuffled_hit_rate(double share);

}  // namespace wattline::workloads
