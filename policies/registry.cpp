#include "policies/registry.hpp"

#include "policies/als.hpp"
#include "policies/annealing.hpp"
#include "policies/bayesian.hpp"
#include "policies/gmd.hpp"
#include "policies/maxn.hpp"
#include "policies/neural.hpp"
#include "policies/pagoda.hpp"
#include "policies/powertrain.hpp"
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

int count_or(ObjectReader& in, const char* key, std::int64_t most, int fallback) {
  return static_cast<int>(in.integer_or(key, 1, most, fallback));
}

NeuralOptions read_networks(ObjectReader& in, std::uint64_t default_seed, NeuralOptions options) {
  options.train_epochs = count_or(in, "train_epochs", 100'000, options.train_epochs);
  options.infer_epochs = count_or(in, "infer_epochs", 100'000, options.infer_epochs);
  options.logarithms = in.boolean_or("logarithms", options.logarithms);
  options.seed = seed_or(in, default_seed);
  return options;
}

std::unique_ptr<Policy> make_als(ObjectReader& in, std::uint64_t default_seed) {
  AlsOptions options;
  options.train_modes = count_or(in, "train_modes", 100'000, options.train_modes);
  options.infer_modes = count_or(in, "infer_modes", 100'000, options.infer_modes);
  options.concurrent_points = count_or(in, "concurrent_points", 1'000'000, options.concurrent_points);
  options.initial_modes = count_or(in, "initial_modes", 100'000, options.initial_modes);
  options.rounds = count_or(in, "rounds", 1000, options.rounds);
  options.bins = count_or(in, "bins", 1000, options.bins);
  if (in.choice_or("plans", {"profiled", "predicted"}, "profiled") == "predicted")
    options.plans = AlsOptions::Plans::predicted;
  options.margin = in.number_or("margin", between(0, 0.5), options.margin);
  options.networks = read_networks(in, default_seed, options.networks);
  return std::make_unique<Als>(options);
}

std::unique_ptr<Policy> make_neural(ObjectReader& in, std::uint64_t default_seed) {
  NeuralSearchOptions options;
  options.profiles = count_or(in, "profiles", 1'000'000, options.profiles);
  options.margin = in.number_or("margin", between(0, 0.5), options.margin);
  options.networks = read_networks(in, default_seed, options.networks);
  return std::make_unique<NeuralSearch>(options);
}

std::unique_ptr<Policy> make_powertrain(ObjectReader& in, std::uint64_t default_seed,
                                        const ReferenceSource& references) {
  PowerTrainOptions options;
  options.modes = count_or(in, "modes", 100'000, options.modes);
  options.epochs = count_or(in, "epochs", 100'000, options.epochs);
  options.margin = in.number_or("margin", between(0, 0.5), options.margin);
  options.logarithms = in.boolean_or("logarithms", options.logarithms);
  options.seed = seed_or(in, default_seed);
  const int reference_epochs = count_or(in, "reference_epochs", 100'000, 100);
  if (!references) in.fail("policy", "powertrain has no reference workload here");
  if (in.failed()) return nullptr;
  const Reference reference = references(in);
  if (in.failed()) return nullptr;
  const auto networks = learn_reference(reference, reference_epochs, options.logarithms, options.seed);
  if (!networks) {
    in.fail("reference", networks.error().message);
    return nullptr;
  }
  return std::make_unique<PowerTrain>(options, std::make_shared<TimeAndPower>(*networks));
}

std::unique_ptr<Policy> make_annealing(ObjectReader& in, std::uint64_t default_seed) {
  AnnealingOptions options;
  options.profiles = count_or(in, "profiles", 100'000, options.profiles);
  options.initial_temperature =
      in.number_or("initial_temperature", between(1e-6, 100), options.initial_temperature);
  options.cooling = in.number_or("cooling", between(0.01, 1), options.cooling);
  options.penalty = in.number_or("penalty", between(0, 1000), options.penalty);
  options.seed = seed_or(in, default_seed);
  return std::make_unique<Annealing>(options);
}

std::unique_ptr<Policy> make_bayesian(ObjectReader& in, std::uint64_t default_seed) {
  BayesianOptions options;
  options.profiles = count_or(in, "profiles", 1'000, options.profiles);
  options.initial = count_or(in, "initial", 1'000, options.initial);
  options.noise = in.number_or("noise", between(1e-4, 1), options.noise);
  options.candidates = count_or(in, "candidates", 100'000, options.candidates);
  options.worthwhile = in.number_or("worthwhile", between(0, 1), options.worthwhile);
  options.seed = seed_or(in, default_seed);
  return std::make_unique<Bayesian>(options);
}

std::unique_ptr<Policy> make_pagoda(ObjectReader& in) {
  PagodaOptions options;
  options.profiles = count_or(in, "profiles", 1'000, options.profiles);
  options.time_slack = in.number_or("time_slack", between(0, 1), options.time_slack);
  return std::make_unique<Pagoda>(options);
}

std::unique_ptr<Policy> make_regression(ObjectReader& in, std::uint64_t default_seed) {
  using Model = RegressionOptions::Model;
  RegressionOptions options;
  const std::string model = in.choice_or("model", {"linear", "roofline"}, "roofline");
  options.model = model == "linear" ? Model::linear : Model::roofline;
  options.profiles = count_or(in, "profiles", 1'000'000, options.profiles);
  options.margin = in.number_or("margin", between(0, 0.5), options.margin);
  options.seed = seed_or(in, default_seed);
  return std::make_unique<Regression>(options);
}

std::unique_ptr<Policy> make_gmd(ObjectReader& in) {
  GmdOptions options;
  options.train_profiles = count_or(in, "train_profiles", 100'000, options.train_profiles);
  options.infer_profiles = count_or(in, "infer_profiles", 100'000, options.infer_profiles);
  options.concurrent_profiles = count_or(in, "concurrent_profiles", 100'000, options.concurrent_profiles);
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
  options.profiles = count_or(in, "profiles", 1'000'000, options.profiles);
  options.share = in.boolean_or("share", options.share);
  options.seed = seed_or(in, default_seed);
  return std::make_unique<RandomSearch>(options);
}

std::unique_ptr<Policy> make_scout(ObjectReader& in, std::uint64_t default_seed) {
  ScoutOptions options;
  options.profiles = count_or(in, "profiles", 100'000, options.profiles);
  options.worthwhile = in.number_or("worthwhile", between(0, 1), options.worthwhile);
  options.caution = in.number_or("caution", between(0, 1000), options.caution);
  options.learning = count_or(in, "learning", 100'000, options.learning);
  options.share = in.boolean_or("share", options.share);
  options.belief.hypotheses =
      static_cast<int>(in.integer_or("hypotheses", 2, 4096, options.belief.hypotheses));
  options.belief.iterations = count_or(in, "iterations", 1000, options.belief.iterations);
  options.belief.deviation = in.number_or("deviation", between(1e-4, 1), options.belief.deviation);
  options.blur = in.number_or("blur", between(0, 1), options.blur);
  options.seed = seed_or(in, default_seed);
  return std::make_unique<Scout>(options);
}

}  // namespace

std::vector<std::string> policy_names() {
  return {"als",    "annealing",  "bayesian", "gmd",           "maxn",       "neural",
          "pagoda", "powertrain", "presets",  "random_search", "regression", "scout"};
}

std::unique_ptr<Policy> make_policy(ObjectReader& in, std::uint64_t default_seed,
                                    const ReferenceSource& references) {
  const std::string name = in.choice("policy", policy_names());
  if (in.failed()) return nullptr;
  std::unique_ptr<Policy> policy;
  if (name == "als") policy = make_als(in, default_seed);
  if (name == "annealing") policy = make_annealing(in, default_seed);
  if (name == "bayesian") policy = make_bayesian(in, default_seed);
  if (name == "gmd") policy = make_gmd(in);
  if (name == "maxn") policy = std::make_unique<Maxn>();
  if (name == "neural") policy = make_neural(in, default_seed);
  if (name == "pagoda") policy = make_pagoda(in);
  if (name == "powertrain") policy = make_powertrain(in, default_seed, references);
  if (name == "presets") policy = make_presets(in);
  if (name == "random_search") policy = make_random_search(in, default_seed);
  if (name == "regression") policy = make_regression(in, default_seed);
  if (name == "scout") policy = make_scout(in, default_seed);
  return in.failed() ? nullptr : std::move(policy);
}

}  // namespace wattline::policies
