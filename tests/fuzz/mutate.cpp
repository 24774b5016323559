// Runs the fuzz target without a fuzzing engine: seeds from files, mutated by a seeded generator.
//   mutate ROUNDS SEED FILE...     (each FILE begins with the byte that chooses the parser)
// The same arguments try the same inputs. A crash leaves the input in ./fuzz-crash.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "sim/random.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

using wattline::sim::RandomStream;

const std::vector<std::string> tokens = {"-1",
                                         "0",
                                         "1e999",
                                         "nan",
                                         "\"",
                                         "{",
                                         "}",
                                         "[",
                                         "]",
                                         ",",
                                         ":",
                                         "null",
                                         "\n",
                                         "1e-320",
                                         "18446744073709551616",
                                         "\xff",
                                         "//",
                                         "/*",
                                         "2023-02-30 24:00:00",
                                         "\"from\"",
                                         "\"step\"",
                                         "1e308",
                                         "true"};

std::string mutated(std::string text, const std::vector<std::string>& seeds, RandomStream& random) {
  for (auto changes = 1 + random.below(4); changes > 0; --changes) {
    const std::size_t at = random.below(text.size() + 1);
    switch (random.below(5)) {
      case 0:
        text.insert(at, tokens[random.below(tokens.size())]);
        break;
      case 1:
        text.erase(at, random.below(20));
        break;
      case 2:
        if (at < text.size()) text[at] = static_cast<char>(random.below(256));
        break;
      case 3:
        text.insert(at, text.substr(random.below(text.size() + 1), random.below(60)));
        break;
      case 4: {
        const std::string& other = seeds[random.below(seeds.size())];
        text.replace(at, random.below(30), other.substr(random.below(other.size() + 1), random.below(60)));
        break;
      }
    }
    if (text.empty()) text = "\x01";
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const long rounds = std::atol(argv[1]);
  RandomStream random(static_cast<std::uint64_t>(std::atol(argv[2])), "fuzz");
  std::vector<std::string> seeds;
  for (int i = 3; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  std::size_t bytes = 0;
  for (long round = 0; round < rounds; ++round) {
    std::string input = mutated(seeds[random.below(seeds.size())], seeds, random);
    input[0] = seeds[random.below(seeds.size())][0];
    bytes += input.size();
    if (std::FILE* crash = std::fopen("fuzz-crash", "wb")) {
      std::fwrite(input.data(), 1, input.size(), crash);
      std::fclose(crash);
    }
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  }
  std::remove("fuzz-crash");
  std::printf("%ld inputs, %zu bytes, seed %s\n", rounds, bytes, argv[2]);
  return 0;
}
