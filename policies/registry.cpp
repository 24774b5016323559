#include "policies/registry.hpp"

#include "policies/gmd.hpp"
#include "policies/maxn.hpp"
#include "policies/presets.hpp"
#include "policies/random_search.hpp"

namespace wattline::policies {

namespace {

std::unique_ptr<Policy> make_gmd(ObjectReader& in) {
  GmdOptions options;
  const auto profiles = [&](const char* key, int fallback) {
    return static_cast<int>(in.integer_or(key, 1, 100'000, fallback));
  };
  options.train_profiles = profiles("train_profiles", options.train_profiles);
  options.infer_profiles = profiles("infer_profiles", options.infer_profiles);
  options.concurrent_profiles = profiles("concurrent_profiles", options.concurrent_profiles);
  return std::make_unique<Gmd>(options);
}

std::unique_ptr<Policy> make_presets(ObjectReader& in) {
  PresetOptions options;
  const std::string choice = in.choice_or("choose", {"nominal", "profiled"}, "nominal");
  options.choice = choice == "profiled" ? PresetOptions::Choice::profiled : PresetOptions::Choice::nominal;
  return std::make_unique<Presets>(options);
}

std::unique_ptr<Policy> make_random_search(ObjectReader& in, std::uint64_t default_seed) {
  RandomSearchOptions options;
  options.profiles = static_cast<int>(in.integer_or("profiles", 1, 1'000'000, options.profiles));
  const auto seed = in.integer_or("seed", 0, INT64_MAX, static_cast<std::int64_t>(default_seed));
  options.seed = static_cast<std::uint64_t>(seed);
  return std::make_unique<RandomSearch>(options);
}

}  // namespace

std::vector<std::string> policy_names() {
  return {"gmd", "maxn", "presets", "random_search"};
}

std::unique_ptr<Policy> make_policy(ObjectReader& in, std::uint64_t default_seed) {
  const std::string name = in.choice("policy", policy_names());
  if (in.failed()) return nullptr;
  std::unique_ptr<Policy> policy;
  if (name == "gmd") policy = make_gmd(in);
  if (name == "maxn") policy = std::make_unique<Maxn>();
  if (name == "presets") policy = make_presets(in);
  if (name == "random_search") policy = make_random_search(in, default_seed);
  return in.failed() ? nullptr : std::move(policy);
}

}  // namespace wattline::policies
