#include "experiments/validate/curve.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "devices/calibration/intake.hpp"
#include "sim/base/text.hpp"

namespace wattline::experiments {

namespace calibration = devices::calibration;

namespace {

struct Sizes {
  std::vector<std::string> too_large;
  bool none_asked = false;  // 0 where a model without profiles does not exist
  bool some_left = false;
};

Sizes sizes_of(const calibration::Group& group, std::int64_t profiles,
               const std::vector<std::int64_t>& used) {
  Sizes sizes;
  for (const std::int64_t size : used) {
    if (size >= profiles)
      sizes.too_large.push_back(std::to_string(size));
    else if (size == 0 && group.source == calibration::WorkSource::fitted)
      sizes.none_asked = true;
    else
      sizes.some_left = true;
  }
  return sizes;
}

std::string line_of(const calibration::Group& group, std::int64_t profiles, const Sizes& sizes) {
  std::vector<std::string> reasons;
  if (!sizes.too_large.empty())
    reasons.push_back(fmt::format("{} left out, of {} profiles one at least must be left to predict",
                                  joined(sizes.too_large), profiles));
  if (sizes.none_asked) reasons.emplace_back("0 left out, without profiles nothing is known of its work");
  if (reasons.empty()) return {};
  return fmt::format("{} {}: {}", group.name, workloads::name_of(group.role), joined(reasons, "; "));
}

}  // namespace

Result<std::vector<std::string>> sizes_left_out(const devices::DeviceSpec& spec,
                                                const std::vector<devices::ProfileRow>& rows,
                                                const std::string& name,
                                                const calibration::LearningCurveOptions& options) {
  const auto intake = calibration::take_in(spec, rows, name, options.calibration);
  if (!intake) return intake.error();
  std::vector<std::string> lines;
  bool some_left = false;
  for (std::size_t g = 0; g < intake->groups.size(); ++g) {
    const auto profiles = std::count_if(intake->points.begin(), intake->points.end(),
                                        [&](const auto& point) { return point.group == g; });
    const Sizes sizes = sizes_of(intake->groups[g], profiles, options.used);
    some_left = some_left || sizes.some_left;
    const std::string line = line_of(intake->groups[g], profiles, sizes);
    if (!line.empty()) lines.push_back(line);
  }
  if (!some_left) return bad_input(fmt::format("{}: --used: {}", name, joined(lines, "; ")));
  return lines;
}

}  // namespace wattline::experiments
