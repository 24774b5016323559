// Random generators against published vectors and against the published algorithms, written out again.
#include "sim/random.hpp"

#include <rapidcheck.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "tests/catch.hpp"

namespace wattline::sim {
namespace {

using Words = std::vector<std::uint64_t>;

Words draws(RandomStream stream, int count) {
  Words words;
  for (int i = 0; i < count; ++i) words.push_back(stream.next());
  return words;
}

// xoshiro256++ 1.0 as its authors publish it (prng.di.unimi.it/xoshiro256plusplus.c).
struct PublishedXoshiro {
  std::uint64_t s[4];

  static std::uint64_t rotl(std::uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }

  std::uint64_t next() {
    const std::uint64_t result = rotl(s[0] + s[3], 23) + s[0];
    const std::uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
  }
};

// SplitMix64 as published (prng.di.unimi.it/splitmix64.c).
struct PublishedSplitMix {
  std::uint64_t x;

  std::uint64_t next() {
    std::uint64_t z = (x += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
};

// The share of bits in which two streams differ, over their first `count` words.
double differing_share(const RandomStream& a, const RandomStream& b, int count) {
  const Words left = draws(a, count), right = draws(b, count);
  int bits = 0;
  for (std::size_t i = 0; i < left.size(); ++i) bits += std::popcount(left[i] ^ right[i]);
  return bits / (64.0 * count);
}

}  // namespace

TEST_CASE("The generator gives the published sequence of xoshiro256++ from state 1, 2, 3, 4") {
  // The vector of Rust's rand_xoshiro, made with the authors' C code.
  const Words published = {41943041u,
                           58720359u,
                           3588806011781223u,
                           3591011842654386u,
                           9228616714210784205u,
                           9973669472204895162u,
                           14011001112246962877u,
                           12406186145184390807u,
                           15849039046786891736u,
                           10450023813501588000u};
  CHECK(draws(RandomStream({1, 2, 3, 4}), 10) == published);
  PublishedXoshiro reference{{1, 2, 3, 4}};
  for (const std::uint64_t word : published) CHECK(reference.next() == word);
}

TEST_CASE("The generator follows the published algorithm from any state") {
  CHECK(rc::check("xoshiro256++ is as published", [](const std::array<std::uint64_t, 4>& state) {
    PublishedXoshiro reference{{state[0], state[1], state[2], state[3]}};
    RandomStream stream(state);
    for (int i = 0; i < 5000; ++i) RC_ASSERT(stream.next() == reference.next());
  }));
}

TEST_CASE("SplitMix64 gives the published sequence from 1234567") {
  std::uint64_t state = 1234567;
  PublishedSplitMix reference{1234567};
  for (const std::uint64_t published : {6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                                        4593380528125082431u, 16408922859458223821u}) {
    CHECK(split_mix_64(state) == published);
    CHECK(reference.next() == published);
  }
}

TEST_CASE("SplitMix64 follows the published algorithm from any state") {
  CHECK(rc::check("SplitMix64 is as published", [](std::uint64_t state) {
    PublishedSplitMix reference{state};
    for (int i = 0; i < 100; ++i) RC_ASSERT(split_mix_64(state) == reference.next());
  }));
}

TEST_CASE("Texts have the published FNV-1a hashes") {
  CHECK(hash_text("") == 0xcbf29ce484222325u);
  CHECK(hash_text("a") == 0xaf63dc4c8601ec8cu);
  CHECK(hash_text("foobar") == 0x85944171f73967e8u);
}

TEST_CASE("A hash can be continued, and bytes above 127 count as such") {
  CHECK(hash_text("bar", hash_text("foo")) == hash_text("foobar"));
  // By the definition: (offset basis xor 0xff) times the prime, modulo 2^64.
  CHECK(hash_text("\xff") == (0xcbf29ce484222325u ^ 0xffu) * 0x100000001b3u);
}

TEST_CASE("A stream is the same whenever seed and name are the same") {
  CHECK(rc::check("same seed, same name, same stream", [](std::uint64_t seed, const std::string& name) {
    RC_ASSERT(draws(RandomStream(seed, name), 50) == draws(RandomStream(seed, name), 50));
  }));
}

TEST_CASE("Drawing from one stream does not shift another") {
  const Words alone = draws(RandomStream(7, "arrivals"), 100);
  RandomStream arrivals(7, "arrivals"), noise(7, "noise");
  for (const std::uint64_t word : alone) {
    noise.next();
    noise.normal();
    CHECK(arrivals.next() == word);
  }
}

TEST_CASE("Streams of different names or seeds share no word and half of their bits") {
  // 21 x 14 streams with seeds that differ in one bit or by one and names that are alike.
  std::vector<RandomStream> streams;
  std::vector<std::uint64_t> seeds = {0, 1, 2, 3, 4, 5, 42, UINT64_MAX, UINT64_MAX - 1};
  for (int bit = 3; bit < 63; bit += 5) seeds.push_back(std::uint64_t{1} << bit);
  const std::vector<std::string> names = {"",        "a",       "b",        "aa",     "ab",
                                          "ba",      "noise",   "noise0",   "noise1", "noise/a",
                                          "noise/b", "a/noise", "arrivals", "0"};
  for (const std::uint64_t seed : seeds) {
    for (const std::string& name : names) streams.emplace_back(seed, name);
  }
  std::set<std::uint64_t> words;
  for (const RandomStream& stream : streams) {
    for (const std::uint64_t word : draws(stream, 100)) words.insert(word);
  }
  CHECK(words.size() == streams.size() * 100);

  // Over 64 words the share has a standard deviation of 0.5 / 64; 6 of them are exceeded by chance with a
  // probability of 2e-9 a pair, 1e-4 for all 43,000 pairs.
  double largest = 0, sum = 0;
  std::size_t pairs = 0;
  for (std::size_t i = 0; i < streams.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      const double excess = differing_share(streams[i], streams[j], 64) - 0.5;
      largest = std::max(largest, std::abs(excess));
      sum += excess;
      ++pairs;
    }
  }
  CHECK(largest < 6 * 0.5 / 64);
  CHECK(std::abs(sum / static_cast<double>(pairs)) < 0.001);
}

TEST_CASE("No seed makes up for the difference between two names") {
  for (const std::uint64_t seed : {0u, 1u, 42u}) {
    const std::uint64_t other = seed ^ hash_text("arrivals") ^ hash_text("noise");
    CHECK(draws(RandomStream(seed, "arrivals"), 10) != draws(RandomStream(other, "noise"), 10));
  }
}

TEST_CASE("Uniform draws are the top 53 bits of the words") {
  PublishedXoshiro reference{{1, 2, 3, 4}};
  RandomStream stream({1, 2, 3, 4});
  for (int i = 0; i < 10'000; ++i) {
    const double draw = stream.uniform();
    CHECK(std::ldexp(draw, 53) == static_cast<double>(reference.next() >> 11));
    CHECK((draw >= 0 && draw < 1));
  }
}

TEST_CASE("Draws below a bound are below it, and below 1 there is only 0") {
  CHECK(rc::check("below(bound) < bound", [](std::uint64_t seed) {
    const std::uint64_t bound = *rc::gen::oneOf(rc::gen::inRange<std::uint64_t>(1, 1000),
                                                rc::gen::inRange<std::uint64_t>(1, UINT64_MAX));
    RandomStream stream(seed, "below");
    for (int i = 0; i < 100; ++i) {
      RC_ASSERT(stream.below(bound) < bound);
      RC_ASSERT(stream.below(1) == 0u);
    }
  }));
}

}  // namespace wattline::sim
