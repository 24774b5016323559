#include "policies/surrogate/dropout.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace wattline::policies::surrogate {

Dropout::Dropout(double rate)
    : silenced_(static_cast<std::uint32_t>(std::lround(rate * 65536))),
      factor_(static_cast<float>(65536.0 / (65536.0 - silenced_))) {}

void Dropout::draw(sim::RandomStream& random, std::span<float> factors) const {
  if (silenced_ == 0) {
    std::fill(factors.begin(), factors.end(), 1.0f);
    return;
  }
  // In two passes and on copies of the members, so that the comparisons are vectorised.
  const int silenced = static_cast<int>(silenced_);
  const float factor = factor_;
  constexpr std::size_t block = 256;
  std::array<std::uint16_t, block> field;
  for (std::size_t begin = 0; begin < factors.size(); begin += block) {
    const std::size_t count = std::min(block, factors.size() - begin);
    for (std::size_t i = 0; i < count; i += 4) {
      const std::uint64_t draw = random.next();
      field[i] = static_cast<std::uint16_t>(draw);
      field[i + 1] = static_cast<std::uint16_t>(draw >> 16);
      field[i + 2] = static_cast<std::uint16_t>(draw >> 32);
      field[i + 3] = static_cast<std::uint16_t>(draw >> 48);
    }
    float* const out = factors.data() + begin;
    for (std::size_t i = 0; i < count; ++i) out[i] = field[i] < silenced ? 0.0f : factor;
  }
}

}  // namespace wattline::policies::surrogate
