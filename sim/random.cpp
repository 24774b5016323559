#include "sim/random.hpp"

#include <bit>
#include <cmath>

#include "sim/elementary.hpp"

namespace wattline::sim {

std::uint64_t split_mix_64(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

std::uint64_t hash_text(std::string_view text, std::uint64_t hash) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
  return hash;
}

RandomStream::RandomStream(std::uint64_t run_seed, std::string_view name) {
  // The seed passes through SplitMix64 before the name is mixed in, so that nearby seeds and
  // similar names give unrelated states.
  std::uint64_t mixed = split_mix_64(run_seed) ^ hash_text(name);
  for (std::uint64_t& word : state_) word = split_mix_64(mixed);
}

std::uint64_t RandomStream::next() {
  const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

double RandomStream::uniform() {
  return static_cast<double>(next() >> 11) * 0x1p-53;
}

std::uint64_t RandomStream::below(std::uint64_t bound) {
  // Rejects the draws that would make the first few values likelier.
  const std::uint64_t rejected = (0 - bound) % bound;
  for (;;) {
    const std::uint64_t draw = next();
    if (draw >= rejected) return draw % bound;
  }
}

double RandomStream::exponential(double mean) {
  return -mean * log(1 - uniform());  // 1 - u is in (0, 1]
}

void RandomStream::exponential(double mean, std::span<double> out) {
  for (double& draw : out) draw = 1 - uniform();
  log_of_normals(out);
  for (double& draw : out) draw *= -mean;
}

double RandomStream::normal() {
  if (has_spare_) {
    has_spare_ = false;
    return spare_normal_;
  }
  for (;;) {
    const double x = 2 * uniform() - 1;
    const double y = 2 * uniform() - 1;
    const double square = x * x + y * y;
    if (square >= 1 || square == 0) continue;
    const double factor = std::sqrt(-2 * log(square) / square);  // sqrt is exact in IEEE 754
    spare_normal_ = y * factor;
    has_spare_ = true;
    return x * factor;
  }
}

double RandomStream::lognormal(double mu, double sigma) {
  return exp(mu + sigma * normal());
}

}  // namespace wattline::sim
