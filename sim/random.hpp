// Named random streams and our own samplers.
//
// A stream is identified by the run's seed and a name ("arrivals", "noise/resnet50"): drawing from
// one never shifts another, and nothing depends on threads or time. Generator: xoshiro256++ (Blackman
// and Vigna, 2019), seeded through SplitMix64. The samplers use only exactly specified arithmetic
// (elementary.hpp), so draws are the same on every machine. Not thread-safe: one owner a stream.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace wattline::sim {

// One step of SplitMix64: advances `state`, returns the next output.
std::uint64_t split_mix_64(std::uint64_t& state);

// FNV-1a over the bytes of `text`, continued from `hash`.
std::uint64_t hash_text(std::string_view text, std::uint64_t hash = 0xcbf29ce484222325u);

class RandomStream {
 public:
  RandomStream(std::uint64_t run_seed, std::string_view name);
  // For tests against published vectors.
  explicit RandomStream(const std::array<std::uint64_t, 4>& state) : state_(state) {}

  std::uint64_t next();

  double uniform();                          // [0, 1), 53 bits
  std::uint64_t below(std::uint64_t bound);  // 0 .. bound-1 without bias; bound >= 1
  double exponential(double mean);
  void exponential(double mean, std::span<double> out);  // as many draws of it, faster
  double normal();                                       // mean 0, variance 1 (polar method)
  double lognormal(double mu, double sigma);             // e^(mu + sigma N)

 private:
  std::array<std::uint64_t, 4> state_;
  double spare_normal_ = 0;  // the polar method makes two at a time
  bool has_spare_ = false;
};

}  // namespace wattline::sim
