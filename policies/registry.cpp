#include "policies/registry.hpp"

#include "policies/annealing.hpp"
#include "policies/bayesian.hpp"
#include "policies/gmd.hpp"
#include "policies/maxn.hpp"
#include "policies/pagoda.hpp"
#include "policies/presets.hpp"
#include "policies/random_search.hpp"
#include "policies/regression.hpp"
#include "policies/scout/scout.hpp"

namespace wattline::policies {

namespace {

std::uint64_t seed_or(ObjectReader& in, std::uint64_t default_seed) {
  return static_cast<std::uint64_t>(
      in.integer_or("seed", 0, INT64_MAX, static_cast<std::int64_t>(default_seed)));
}

std::unique_ptr<Policy> make_annealing(ObjectReader& in, std::uint64_t default_seed) {
  AnnealingOptions options;
  options.profiles = static_cast<int>(in.integer_or("profiles", 1, 100'000, options.profiles));
  options.initial_temperature =
      in.number_or("initial_temperature", between(1e-6, 100), options.initial_temperature);
  options.cooling = in.number_or("cooling", between(0.01, 1), options.cooling);
  options.penalty = in.number_or("penalty", between(0, 1000), options.penalty);
  options.seed = seed_or(in, default_seed);
  return std::make_unique<Annealing>(options);
}

std::unique_ptr<Policy> make_bayesian(ObjectReader& in, std::uint64_t default_seed) {
  BayesianOptions options;
  options.profiles = static_cast<int>(in.integer_or("profiles", 1, 1'000, options.profiles));
  options.initial = static_cast<int>(in.integer_or("initial", 1, 1'000, options.initial));
  options.noise = in.number_or("noise", between(1e-4, 1), options.noise);
  options.candidates = static_cast<int>(in.integer_or("candidates", 1, 100'000, options.candidates));
  options.worthwhile = in.number_or("worthwhile", between(0, 1), options.worthwhile);
  options.seed = seed_or(in, default_seed);
  return std::make_unique<Bayesian>(options);
}

std::unique_ptr<Policy> make_pagoda(ObjectReader& in) {
  PagodaOptions options;
  options.profiles = static_cast<int>(in.integer_or("profiles", 1, 1'000, options.profiles));
  options.time_slack = in.number_or("time_slack", between(0, 1), options.time_slack);
  return std::make_unique<Pagoda>(options);
}

std::unique_ptr<Policy> make_regression(ObjectReader& in, std::uint64_t default_seed) {
  using Model = RegressionOptions::Model;
  RegressionOptions options;
  const std::string model = in.choice_or("model", {"linear", "roofline"}, "roofline");
  options.model = model == "linear" ? Model::linear : Model::roofline;
  options.profiles = static_cast<int>(in.integer_or("profiles", 1, 1'000'000, options.profiles));
  options.margin = in.number_or("margin", between(0, 0.5), options.margin);
  options.seed = seed_or(in, default_seed);
  return std::make_unique<Regression>(options);
}

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
  options.share = in.boolean_or("share", options.share);
  const auto seed = in.integer_or("seed", 0, INT64_MAX, static_cast<std::int64_t>(default_seed));
  options.seed = static_cast<std::uint64_t>(seed);
  return std::make_unique<RandomSearch>(options);
}

std::unique_ptr<Policy> make_scout(ObjectReader& in, std::uint64_t default_seed) {
  ScoutOptions options;
  options.profiles = static_cast<int>(in.integer_or("profiles", 1, 100'000, options.profiles));
  options.worthwhile = in.number_or("worthwhile", between(0, 1), options.worthwhile);
  options.caution = in.number_or("caution", between(0, 1000), options.caution);
  options.learning = static_cast<int>(in.integer_or("learning", 1, 100'000, options.learning));
  options.share = in.boolean_or("share", options.share);
  options.belief.hypotheses =
      static_cast<int>(in.integer_or("hypotheses", 2, 4096, options.belief.hypotheses));
  options.belief.iterations =
      static_cast<int>(in.integer_or("iterations", 1, 1000, options.belief.iterations));
  options.belief.deviation = in.number_or("deviation", between(1e-4, 1), options.belief.deviation);
  options.blur = in.number_or("blur", between(0, 1), options.blur);
  options.seed = static_cast<std::uint64_t>(
      in.integer_or("seed", 0, INT64_MAX, static_cast<std::int64_t>(default_seed)));
  return std::make_unique<Scout>(options);
}

}  // namespace

std::vector<std::string> policy_names() {
  return {"annealing", "bayesian",      "gmd",        "maxn", "pagoda",
          "presets",   "random_search", "regression", "scout"};
}

std::unique_ptr<Policy> make_policy(ObjectReader& in, std::uint64_t default_seed) {
  const std::string name = in.choice("policy", policy_names());
  if (in.failed()) return nullptr;
  std::unique_ptr<Policy> policy;
  if (name == "annealing") policy = make_annealing(in, default_seed);
  if (name == "bayesian") policy = make_bayesian(in, default_seed);
  if (name == "pagoda") policy = make_pagoda(in);
  if (name == "regression") policy = make_regression(in, default_seed);
  if (name == "gmd") policy = make_gmd(in);
  if (name == "maxn") policy = std::make_unique<Maxn>();
  if (name == "presets") policy = make_presets(in);
  if (name == "random_search") policy = make_random_search(in, default_seed);
  if (name == "scout") policy = make_scout(in, default_seed);
  return in.failed() ? nullptr : std::move(policy);
}

}  // namespace wattline::policies
