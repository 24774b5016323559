// Fuzz target of every parser: the first byte chooses the parser, the rest is its input. A parser may
// refuse anything, but must not crash, hang, or break a sanitizer's rule.
//
// With Clang: the entry point of libFuzzer (tests/fuzz/long.sh). Elsewhere mutate.cpp calls it.
#include <cstddef>
#include <cstdint>
#include <string>

#include "devices/device_spec.hpp"
#include "experiments/compare/experiment.hpp"
#include "experiments/run/scenario.hpp"
#include "traces/arrival_csv.hpp"
#include "traces/import/azure_llm.hpp"
#include "traces/profile_csv.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wattline;
  if (size == 0) return 0;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 6) {
    case 0:
      (void)devices::parse_device_spec(text, "fuzz");
      break;
    case 1:
      (void)experiments::parse_scenario(text, "fuzz", ".");
      break;
    case 2:
      (void)experiments::parse_experiment(text, "fuzz", ".");
      break;
    case 3:
      (void)traces::parse_arrival_csv(text, "fuzz");
      break;
    case 4:
      (void)traces::parse_azure_llm(text, "fuzz");
      break;
    case 5:
      (void)traces::parse_profile_csv(text, "fuzz");
      break;
  }
  return 0;
}
