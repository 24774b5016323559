// The samplers' distributions: moments, Kolmogorov-Smirnov, chi-square. Seeds are fixed; each bound
// states by how much chance a correct sampler would exceed it.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <numeric>
#include <vector>

#include "sim/random.hpp"
#include "tests/catch.hpp"

namespace wattline::sim {
namespace {

constexpr int kDraws = 400'000;

std::vector<double> sample(const std::function<double()>& draw) {
  std::vector<double> values(kDraws);
  for (double& value : values) value = draw();
  return values;
}

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// The mean of (x - centre)^power.
double moment(const std::vector<double>& values, double centre, int power) {
  double sum = 0;
  for (const double value : values) sum += std::pow(value - centre, power);
  return sum / static_cast<double>(values.size());
}

// Kolmogorov-Smirnov: sqrt(n) times the largest distance between the sample's and the true distribution.
double kolmogorov_smirnov(std::vector<double> values, const std::function<double(double)>& distribution) {
  std::sort(values.begin(), values.end());
  const auto n = static_cast<double>(values.size());
  double distance = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double expected = distribution(values[i]);
    const auto rank = static_cast<double>(i);
    distance = std::max({distance, expected - rank / n, (rank + 1) / n - expected});
  }
  return std::sqrt(n) * distance;
}

// Exceeded by chance once in 1000: sqrt(ln(2 / 0.001) / 2).
constexpr double kKolmogorovCritical = 1.949;

// The correlation of each draw with the next; its standard deviation is 1 / sqrt(n) when there is none.
double serial_correlation(const std::vector<double>& values) {
  const double mean = mean_of(values);
  double product = 0;
  for (std::size_t i = 1; i < values.size(); ++i) product += (values[i - 1] - mean) * (values[i] - mean);
  return product / (moment(values, mean, 2) * static_cast<double>(values.size() - 1));
}

// Bounds below: 4 standard deviations, exceeded by chance 6 times in 100,000.
const double kRoot = std::sqrt(kDraws);

double chi_square(const std::vector<std::uint64_t>& counts, double expected) {
  double sum = 0;
  for (const std::uint64_t count : counts) {
    sum += (static_cast<double>(count) - expected) * (static_cast<double>(count) - expected) / expected;
  }
  return sum;
}

double normal_distribution(double x) {
  return 0.5 * std::erfc(-x / std::sqrt(2.0));
}

}  // namespace

TEST_CASE("Uniform draws are uniform") {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    CAPTURE(seed);
    RandomStream stream(seed, "uniform");
    const auto values = sample([&] { return stream.uniform(); });
    CHECK(std::abs(mean_of(values) - 0.5) < 4 * std::sqrt(1 / 12.0) / kRoot);
    CHECK(std::abs(moment(values, 0.5, 2) - 1 / 12.0) < 4 * std::sqrt(1 / 180.0) / kRoot);
    CHECK(std::abs(serial_correlation(values)) < 4 / kRoot);
    CHECK(kolmogorov_smirnov(values, [](double x) { return x; }) < kKolmogorovCritical);
  }
}

TEST_CASE("Exponential draws are exponential of the given mean") {
  for (const double mean : {1e-3, 1.0, 16'666'666.7}) {
    CAPTURE(mean);
    RandomStream stream(4, "exponential");
    const auto values = sample([&] { return stream.exponential(mean); });
    CHECK(*std::min_element(values.begin(), values.end()) >= 0);
    CHECK(std::abs(mean_of(values) / mean - 1) < 4 / kRoot);
    // E (x - mean)^2 = mean^2 and its square has the mean 9 mean^4.
    CHECK(std::abs(moment(values, mean, 2) / (mean * mean) - 1) < 4 * std::sqrt(8.0) / kRoot);
    CHECK(std::abs(serial_correlation(values)) < 4 / kRoot);
    CHECK(kolmogorov_smirnov(values, [&](double x) { return -std::expm1(-x / mean); }) < kKolmogorovCritical);
  }
}

TEST_CASE("Normal draws are normal") {
  for (const std::uint64_t seed : {5u, 6u, 7u}) {
    CAPTURE(seed);
    RandomStream stream(seed, "normal");
    const auto values = sample([&] { return stream.normal(); });
    // The first four moments are 0, 1, 0, 3; those of their estimators have variances 1, 2, 15, 96 over n.
    CHECK(std::abs(mean_of(values)) < 4 / kRoot);
    CHECK(std::abs(moment(values, 0, 2) - 1) < 4 * std::sqrt(2.0) / kRoot);
    CHECK(std::abs(moment(values, 0, 3)) < 4 * std::sqrt(15.0) / kRoot);
    CHECK(std::abs(moment(values, 0, 4) - 3) < 4 * std::sqrt(96.0) / kRoot);
    // Draws come in pairs: neighbours must not depend on each other, nor their squares.
    CHECK(std::abs(serial_correlation(values)) < 4 / kRoot);
    std::vector<double> squares;
    for (const double value : values) squares.push_back(value * value);
    CHECK(std::abs(serial_correlation(squares)) < 4 / kRoot);
    CHECK(kolmogorov_smirnov(values, normal_distribution) < kKolmogorovCritical);
  }
}

TEST_CASE("Lognormal draws have normal logarithms and the known mean") {
  const double mu = 2, sigma = 0.25;
  RandomStream stream(8, "lognormal");
  const auto values = sample([&] { return stream.lognormal(mu, sigma); });
  const double mean = std::exp(mu + sigma * sigma / 2);
  const double deviation = mean * std::sqrt(std::expm1(sigma * sigma));
  CHECK(std::abs(mean_of(values) - mean) < 4 * deviation / kRoot);
  CHECK(kolmogorov_smirnov(values, [&](double x) {
          return normal_distribution((std::log(x) - mu) / sigma);
        }) < kKolmogorovCritical);
}

TEST_CASE("A lognormal without spread is its median") {
  RandomStream stream(9, "lognormal");
  for (int i = 0; i < 10; ++i) CHECK(stream.lognormal(0, 0) == 1);
}

TEST_CASE("Draws below a bound are equally likely") {
  // Chi-square with bound - 1 degrees of freedom; the tables' values that chance exceeds once in 1000.
  struct Case {
    std::uint64_t bound;
    double critical;
  };
  for (const auto& [bound, critical] :
       {Case{2, 10.828}, Case{7, 22.458}, Case{10, 27.877}, Case{101, 149.449}}) {
    CAPTURE(bound);
    RandomStream stream(10, "below");
    std::vector<std::uint64_t> counts(bound);
    for (int i = 0; i < kDraws; ++i) ++counts[stream.below(bound)];
    CHECK(chi_square(counts, kDraws / static_cast<double>(bound)) < critical);
  }
}

TEST_CASE("A bound that does not divide 2^64 makes no value likelier") {
  // A draw modulo 3 * 2^62 would make the first third twice as likely as the others.
  const std::uint64_t third = std::uint64_t{1} << 62;
  RandomStream stream(11, "below");
  std::vector<std::uint64_t> counts(3);
  for (int i = 0; i < kDraws; ++i) ++counts[stream.below(3 * third) / third];
  CHECK(chi_square(counts, kDraws / 3.0) < 13.816);  // 2 degrees of freedom, once in 1000
}

}  // namespace wattline::sim
