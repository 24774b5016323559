// A set of streams by number, for dispatchers that keep books on many of them.
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

namespace wattline::sim {

class StreamSet {
 public:
  explicit StreamSet(std::size_t streams = 0) : words_((streams + 63) / 64) {}

  bool empty() const { return size_ == 0; }

  void set(std::size_t stream, bool contained) {
    std::uint64_t& word = words_[stream / 64];
    const std::uint64_t bit = std::uint64_t{1} << (stream % 64);
    const bool before = (word & bit) != 0;
    word = contained ? word | bit : word & ~bit;
    size_ += static_cast<std::size_t>(contained) - static_cast<std::size_t>(before);
  }

  // The first of which `holds`, in ascending order; `none` if there is none.
  template <class Predicate>
  std::size_t first_that(const Predicate& holds) const {
    for (std::size_t i = 0; i < words_.size(); ++i)
      for (std::uint64_t left = words_[i]; left != 0; left &= left - 1) {
        const std::size_t stream = 64 * i + static_cast<std::size_t>(std::countr_zero(left));
        if (holds(stream)) return stream;
      }
    return none;
  }
  static constexpr std::size_t none = SIZE_MAX;

 private:
  std::vector<std::uint64_t> words_;
  std::size_t size_ = 0;
};

}  // namespace wattline::sim
