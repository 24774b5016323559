// Scout's prior of a board against what it is said to come from: the law fitted to four other simulated
// boards.
#include <algorithm>
#include <cmath>

#include "devices/roofline.hpp"
#include "policies/scout/belief.hpp"
#include "tests/catch.hpp"

namespace wattline::policies::scout {
namespace {

using workloads::Role;

struct Pair {
  const char* train;
  const char* infer;
};
constexpr Pair pairs[] = {{"resnet18", "mobilenet_v3_large"},
                          {"mobilenet_v3_large", "resnet50"},
                          {"bert_base", "yolov8n"},
                          {"yolov8n", "lstm"},
                          {"lstm", "bert_large"}};
constexpr int batches[] = {1, 4, 16, 32, 64};
constexpr int modes_seen = 60;

struct Seen {
  Minibatch minibatch;
  Knobs knobs;
  double ms, w;
};

// Training at batch 16 and inference at every batch, in modes drawn at random.
std::vector<Seen> seen_on(const devices::RooflineModel& board, const devices::ModeSpace& space,
                          const Pair& pair) {
  const Grid grid(space);
  sim::RandomStream random(1, "prior/" + board.spec().name + "/" + pair.train);
  std::vector<Seen> all;
  const auto look = [&](const char* workload, Role role, int batch, std::size_t mode) {
    const auto cost = board.minibatch(workload, role, batch, space.at(mode));
    REQUIRE(cost.ok());
    const bool trains = role == Role::train;
    all.push_back({{trains ? Stream::background : Stream::inference, static_cast<double>(batch), trains},
                   grid.at(mode),
                   sim::ns_to_ms(cost->time_ns),
                   cost->total_power_w()});
  };
  for (int i = 0; i < modes_seen; ++i) {
    const std::size_t mode = random.below(space.size());
    look(pair.train, Role::train, 16, mode);
    for (const int batch : batches) look(pair.infer, Role::infer, batch, mode);
  }
  return all;
}

// The parameters of the law that fit best, with powers in shares of the most that was drawn.
Parameters fitted_to(const std::vector<Seen>& all) {
  double most_w = 0;
  for (const Seen& seen : all) most_w = std::max(most_w, seen.w);
  Belief belief({2, 0.03, 60}, 1, {1, 0});
  for (const Seen& seen : all)
    belief.observe(seen.minibatch, seen.knobs, {std::log(seen.ms), std::log(seen.w / most_w)});
  for (int i = 0; i < 5; ++i) belief.update();
  return belief.hypotheses().front();
}

TEST_CASE("Scout's prior of a board is what its law comes to on four other boards") {
  Parameters sum = Parameters::Zero(), squares = Parameters::Zero();
  int fits = 0;
  for (const char* name : {"agx-xavier", "xavier-nx", "jetson-nano", "jetson-tx2"}) {
    const devices::RooflineModel board(*devices::find_device(name));
    for (const Pair& pair : pairs) {
      const Parameters fitted = fitted_to(seen_on(board, board.spec().mode_spaces.front(), pair));
      sum += fitted;
      squares += fitted.cwiseAbs2();
      ++fits;
    }
  }
  REQUIRE(fits == 20);
  const Prior believed = prior({1, 0});
  for (int i = 0; i < board_parameters; ++i) {
    const double mean = sum[i] / fits;
    const double spread = std::sqrt(squares[i] / fits - mean * mean);
    CAPTURE(i, mean, spread, believed.mean[i], believed.deviation[i]);
    CHECK(believed.mean[i] == Approx(mean).margin(0.15));
    CHECK(believed.deviation[i] == Approx(std::max(0.5, 2 * spread)).margin(0.25));
  }
}

}  // namespace
}  // namespace wattline::policies::scout
