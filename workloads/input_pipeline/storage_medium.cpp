#include "workloads/input_pipeline/storage_medium.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "sim/base/text.hpp"

namespace wattline::workloads {

namespace {

constexpr double least_bytes_per_s = 1e3;
constexpr double most_bytes_per_s = 1e12;
constexpr sim::TimeNs longest_access_ns = 10 * sim::ns_per_s;

}  // namespace

std::span<const StorageMedium> storage_presets() {
  static const std::array<StorageMedium, 4> presets{{
      // Estimated. Below the 3.9 GB/s of PCIe 3.0 x4; some 90 us of latency of a NAND read, of which the
      // drive overlaps the four that the studies' four workers have open.
      {"nvme", 2e9, 22'500},
      // Estimated. Below the 400 MB/s of HS400 (JEDEC eMMC 5.1); about 6,000 random reads a second.
      {"emmc", 300e6, 167'000},
      // Estimated. Below the 104 MB/s of UHS-I SDR104; 1,500 random reads a second are the least that the SD
      // Association's application performance class A1 (SD 5.1) allows.
      {"sd", 85e6, 667'000},
      // Estimated. A 2.5-inch disk of 5,400 rpm on USB: half a turn is 5.6 ms, a seek takes some 12 ms.
      {"hdd", 110e6, 17'600'000},
  }};
  return presets;
}

Result<StorageMedium> storage_preset(const std::string& name) {
  std::vector<std::string> known;
  for (const StorageMedium& preset : storage_presets()) {
    if (preset.name == name) return preset;
    known.push_back(preset.name);
  }
  return bad_input(unknown_name_message("storage medium", name, known));
}

MaybeError check(const StorageMedium& medium) {
  // Written so that NaN is refused.
  if (!(medium.bytes_per_s >= least_bytes_per_s && medium.bytes_per_s <= most_bytes_per_s))
    return bad_input(fmt::format("storage '{}': {} bytes/s is not accepted; {} to {} bytes/s are expected",
                                 medium.name, shortest(medium.bytes_per_s), shortest(least_bytes_per_s),
                                 shortest(most_bytes_per_s)));
  if (medium.access_ns < 0 || medium.access_ns > longest_access_ns)
    return bad_input(fmt::format("storage '{}': an access of {} ns is not accepted; 0 to {} ns are expected",
                                 medium.name, medium.access_ns, longest_access_ns));
  return std::nullopt;
}

sim::TimeNs read_ns(const StorageMedium& medium, std::int64_t bytes) {
  // At most 1e18, which a 64-bit integer holds.
  const double transfer_ns = static_cast<double>(bytes) / medium.bytes_per_s * 1e9;
  const auto whole_ns = static_cast<sim::TimeNs>(transfer_ns + 0.5);
  return std::max<sim::TimeNs>(1, medium.access_ns + whole_ns);
}

}  // namespace wattline::workloads
