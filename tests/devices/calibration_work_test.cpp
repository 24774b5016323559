// The classes of kernels that calibration computes with instead of the kernels themselves.
#include "devices/calibration/work.hpp"

#include <rapidcheck.h>

#include "tests/catch.hpp"
#include "workloads/catalog.hpp"

namespace wattline::devices::calibration {
namespace {

using workloads::Kernel;
using workloads::KernelKind;

Kernel kernel(workloads::LinearCount flop, workloads::LinearCount bytes) {
  return {"k", KernelKind::matrix_multiply, flop, bytes, 1};
}

ClassWork sum_at(const std::vector<WorkClass>& classes, double batch) {
  ClassWork sum;
  for (const ClassWork& work : at_batch(classes, batch)) {
    sum.flop += work.flop;
    sum.bytes += work.bytes;
  }
  return sum;
}

TEST_CASE("Merging kernels loses no FLOP and no byte, at any batch") {
  CHECK(rc::check([] {
    std::vector<Kernel> kernels;
    const int count = *rc::gen::inRange(1, 60);
    for (int i = 0; i < count; ++i) {
      const auto number = [] { return std::int64_t{1} << *rc::gen::inRange(0, 30); };
      const auto maybe = [&] { return *rc::gen::inRange(0, 4) == 0 ? std::int64_t{0} : number(); };
      kernels.push_back(kernel({maybe(), maybe()}, {maybe(), maybe()}));
    }
    // Powers of two and their sums below 2^53: exact in a double.
    const auto totals = workloads::totals(kernels);
    const auto classes = merged(kernels);
    RC_ASSERT(classes.size() <= kernels.size());
    for (const std::int64_t batch : {1, 7, 64}) {
      const ClassWork sum = sum_at(classes, static_cast<double>(batch));
      RC_ASSERT(sum.flop == static_cast<double>(totals.flop.at(batch)));
      RC_ASSERT(sum.bytes == static_cast<double>(totals.bytes.at(batch)));
    }
    RC_ASSERT(sum_at(merged(kernels, 2), 3).bytes == 0.5 * sum_at(classes, 3).bytes);
  }));
}

TEST_CASE("The catalogue's networks become a few classes that hold all of their work") {
  for (const auto& dnn : workloads::catalog()) {
    const auto kernels = workloads::kernels(dnn, workloads::Role::train);
    const auto classes = merged(kernels);
    CAPTURE(dnn.name, kernels.size());
    CHECK(classes.size() <= 60);
    const auto totals = workloads::totals(kernels);
    CHECK(sum_at(classes, 16).flop == Approx(static_cast<double>(totals.flop.at(16))).epsilon(1e-14));
    CHECK(sum_at(classes, 16).bytes == Approx(static_cast<double>(totals.bytes.at(16))).epsilon(1e-14));
  }
}

TEST_CASE("Kernels far apart in intensity stay apart, kernels of one intensity are one class") {
  const Kernel dense = kernel({0, 1'000'000}, {0, 10'000});
  const Kernel sparse = kernel({0, 10'000}, {0, 10'000});
  CHECK(merged({dense, dense, dense}).size() == 1);
  CHECK(merged({dense, sparse, dense}).size() == 2);
  // Alike at batch 1, and not when the weights are read once for many samples.
  const Kernel weights = kernel({0, 1'000'000}, {10'000, 0});
  CHECK(merged({dense, weights}).size() == 2);
  CHECK(merged({}).empty());
}

TEST_CASE("The concentration of one kernel is 1, of n equal ones 1/n") {
  const Kernel some = kernel({0, 1000}, {0, 10});
  CHECK(concentration({some}) == Approx(1));
  CHECK(concentration(std::vector<Kernel>(8, some)) == Approx(0.125));
  // 3/4 and 1/4 of the work: 9/16 + 1/16.
  CHECK(concentration({kernel({0, 3000}, {0, 1}), some}) == Approx(0.625));
  CHECK(concentration({}) == 0);
  CHECK(concentration({kernel({0, 0}, {0, 10})}) == 0);
}

}  // namespace
}  // namespace wattline::devices::calibration
