// Parts of the input pipeline: what is accepted, storage, the page cache's closed form, and instants by hand.
#include "workloads/input_pipeline/input_pipeline.hpp"

#include <cmath>
#include <functional>
#include <limits>

#include "tests/catch.hpp"
#include "tests/workloads/input_pipeline_options.hpp"
#include "workloads/input_pipeline/minibatch_supply.hpp"
#include "workloads/input_pipeline/page_cache.hpp"
#include "workloads/input_pipeline/sample_order.hpp"

namespace wattline::workloads {
namespace {

using sim::TimeNs;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double infinity = std::numeric_limits<double>::infinity();

// Share of the samples of each epoch that came from storage.
std::vector<double> missed(std::uint32_t samples, std::uint32_t cached, int epochs, std::uint64_t seed) {
  SampleOrder order(samples, samples, cached, seed);
  std::vector<double> shares;
  for (int epoch = 0; epoch < epochs; ++epoch) {
    shares.push_back(order.read(samples) / static_cast<double>(samples));
    order.begin_next_epoch();
  }
  return shares;
}

std::string message_for(const std::function<void(InputPipelineOptions&)>& spoil) {
  InputPipelineOptions options = round_pipeline(4, 1000, 4);
  spoil(options);
  const auto supply = MinibatchSupply::make(options, 1);
  return supply ? "" : supply.error().message;
}

}  // namespace

TEST_CASE("A data set that fits the page cache is read from storage in the first epoch only") {
  CHECK(missed(1000, 1000, 3, 1) == std::vector<double>{1, 0, 0});
  CHECK(missed(1000, 5000, 3, 1) == std::vector<double>{1, 0, 0});
  CHECK(missed(1000, 0, 3, 1) == std::vector<double>{1, 1, 1});
  // Also where an order is kept, because not all of it is read every epoch: what was not, is missed later.
  SampleOrder order(1000, 990, 1000, 1);
  CHECK(order.read(990) == 990);
  order.begin_next_epoch();
  const std::uint32_t second = order.read(990);
  CHECK(second > 0);
  CHECK(second <= 10);
}

TEST_CASE(
    "Of a data set that does not fit, f + (1 - f) ln(1 - f) is found in the page cache after the first "
    "epoch") {
  for (const double share : {0.1, 0.25, 0.5, 0.75, 0.9, 0.99}) {
    CAPTURE(share);
    const std::uint32_t samples = 200'000;
    const auto cached = static_cast<std::uint32_t>(share * samples);
    const auto shares = missed(samples, cached, 6, 3);
    const double expected = share + (1 - share) * std::log(1 - share);
    CHECK(shuffled_hit_rate(cached / static_cast<double>(samples)) == Approx(expected).epsilon(1e-12));
    CHECK(shares[0] == 1);
    // 4 standard deviations of as many independent samples as there are.
    for (std::size_t epoch = 1; epoch < shares.size(); ++epoch)
      CHECK(std::abs(1 - shares[epoch] - expected) < 4 * std::sqrt(expected * (1 - expected) / samples));
  }
  CHECK(shuffled_hit_rate(0) == 0);
  CHECK(shuffled_hit_rate(1) == 1);
  CHECK(shuffled_hit_rate(7) == 1);
}

TEST_CASE("Orders differ from epoch to epoch and seed to seed, and the same seed repeats them") {
  CHECK(missed(1000, 500, 4, 1) == missed(1000, 500, 4, 1));
  CHECK(missed(1000, 500, 4, 1) != missed(1000, 500, 4, 2));
  const auto shares = missed(10'000, 5000, 4, 1);
  CHECK(shares[1] != shares[2]);
}

TEST_CASE("A read takes the access and the bytes over the bandwidth, to the nearest nanosecond") {
  CHECK(read_ns({"", 1e9, 0}, 1000) == 1000);
  CHECK(read_ns({"", 1e8, 500}, 1000) == 10'500);
  CHECK(read_ns({"", 3e9, 0}, 10) == 3);
  CHECK(read_ns({"", 1e12, 0}, 1) == 1);  // never nothing
  CHECK(read_ns({"", 1e3, 10 * sim::ns_per_s}, 1'000'000'000'000) == 1'000'000'010'000'000'000);
}

TEST_CASE("A slower preset of storage takes longer for a picture, and every preset is accepted") {
  TimeNs before_ns = 0;
  for (const char* name : {"nvme", "emmc", "sd", "hdd"}) {
    const auto medium = storage_preset(name);
    REQUIRE(medium);
    CHECK_FALSE(check(*medium));
    const TimeNs picture_ns = read_ns(*medium, 120'000);
    CHECK(picture_ns > before_ns);
    before_ns = picture_ns;
  }
  CHECK(storage_presets().size() == 4);
  CHECK(storage_preset("emcm").error().message.find("did you mean 'emmc'") != std::string::npos);
}

TEST_CASE("What is out of range is refused, and the message says what is accepted") {
  CHECK(message_for([](auto&) {}).empty());
  for (const double bytes_per_s : {0.0, -1e6, 1.0, 1e13, nan, infinity}) {
    CAPTURE(bytes_per_s);
    CHECK(message_for([&](auto& o) { o.storage.bytes_per_s = bytes_per_s; }).find("1000 to") !=
          std::string::npos);
    CHECK_FALSE(
        message_for([&](auto& o) { o.copy_bytes_per_s = bytes_per_s < 1e3 ? bytes_per_s : -1; }).empty());
    CHECK_FALSE(message_for([&](auto& o) { o.cpu.cycles_per_s = bytes_per_s; }).empty());
    CHECK_FALSE(message_for([&](auto& o) { o.cpu.cores = bytes_per_s <= 0 ? bytes_per_s : nan; }).empty());
  }
  CHECK(message_for([](auto& o) { o.prefetch = 0; }).find("0 is not accepted; 1 to 1024") !=
        std::string::npos);
  CHECK(message_for([](auto& o) { o.prefetch = 0, o.workers = 0; }).empty());
  CHECK_FALSE(message_for([](auto& o) { o.prefetch = 1025; }).empty());
  CHECK(message_for([](auto& o) { o.workers = 65; }).find("0 to 64") != std::string::npos);
  CHECK_FALSE(message_for([](auto& o) { o.workers = -1; }).empty());
  CHECK_FALSE(message_for([](auto& o) { o.storage.access_ns = -1; }).empty());
  CHECK_FALSE(message_for([](auto& o) { o.samples = 0; }).empty());
  CHECK_FALSE(message_for([](auto& o) { o.samples = 100'000'001; }).empty());
  CHECK_FALSE(message_for([](auto& o) { o.bytes_per_sample = 0; }).empty());
  CHECK_FALSE(message_for([](auto& o) { o.decoded_bytes_per_sample = -5; }).empty());
  CHECK_FALSE(message_for([](auto& o) { o.cycles_per_sample = 0; }).empty());
  CHECK_FALSE(message_for([](auto& o) { o.cache_bytes = -1; }).empty());
  CHECK_FALSE(message_for([](auto& o) { o.batch = 0; }).empty());
  CHECK_FALSE(message_for([](auto& o) { o.epochs = 0; }).empty());
  CHECK(message_for([](auto& o) { o.batch = 20'000, o.drop_last = true; }).find("no minibatch") !=
        std::string::npos);
  CHECK(message_for([](auto& o) { o.batch = 20'000; }).empty());
  // 1e6 samples of 1e12 bytes at 1 kB/s.
  CHECK(message_for([](auto& o) {
          o.samples = 1'000'000, o.batch = 1'000'000, o.bytes_per_sample = 1'000'000'000'000;
          o.storage.bytes_per_s = 1e3;
        }).find("reading a minibatch takes") != std::string::npos);
  CHECK(message_for([](auto& o) {
          o.samples = 100'000'000, o.bytes_per_sample = 1'000'000'000'000;
        }).find("data set") != std::string::npos);
}

TEST_CASE("Two workers on one core: instants by hand") {
  // A minibatch of 10 reads for 1 ms and computes for 2 ms on a core of its own.
  InputPipelineOptions options = round_pipeline(2, 200, 1);
  options.samples = 40;
  options.prefetch = 1;
  auto supply = MinibatchSupply::make(options, 1);
  REQUIRE(supply);
  // 0 is read until 1 ms, 1 until 2 ms. At 2 ms 0 has 1 ms to compute, and beside 1 that takes 2 ms.
  CHECK(supply->begin(0) == 4'000'000);
  // 1 has computed 1 ms of 2 by then. From 4 ms on worker 0 reads 2, so 1 has the core until 5 ms.
  CHECK(supply->started(4'000'000) == 5'000'000);
  // At 4.5 ms the core becomes half as fast. 1 has 0.5 million cycles left: it does half of them until 5 ms,
  // when 2 has been read, and the others beside that in 1 ms.
  CHECK(supply->set_cpu(4'500'000, {1, 5e8}) == 6'000'000);
  CHECK(supply->finished(4'600'000) == 6'000'000);
  // 3 is read until 7 ms. Of 2, 0.25 million cycles are done by 6 ms, 0.75 million by 7 ms; the other 1.25
  // million take 5 ms beside 3.
  CHECK(supply->started(6'000'000) == 12'000'000);
  CHECK(supply->next_samples() == 10);
  CHECK(supply->finished(6'000'001) == 12'000'000);
  CHECK(supply->started(20'000'000) == 20'000'000);  // 3 was there before
  CHECK(supply->finished(20'500'000) == 20'500'000);
  CHECK(supply->started(21'000'000) == sim::never);
  CHECK(supply->finished(22'000'000) == sim::never);
  CHECK(supply->epochs_finished() == 1);
  CHECK(supply->next_samples() == 0);
  // One core from 1 ms on, until 3 has done its last 0.75 million cycles at 13.5 ms.
  CHECK(supply->last_epoch() == EpochLoad{4, 40, 40, 4'000'000, 4'000'000, 12'500'000});
}

TEST_CASE(
    "Without workers a minibatch is loaded after the end of the one before, and loading may begin late") {
  InputPipelineOptions options = round_pipeline(0, 200, 1);
  options.samples = 25;
  options.epochs = 2;
  options.cache_bytes = 25 * options.bytes_per_sample;
  auto supply = MinibatchSupply::make(options, 1);
  REQUIRE(supply);
  CHECK(supply->set_cpu(500, {0.5, 2e9}) == sim::never);
  CHECK(supply->set_cpu(600, {1, 1e9}) == sim::never);
  CHECK(supply->begin(1'000'000) == 4'000'000);
  CHECK(supply->started(4'000'000) == sim::never);
  CHECK(supply->finished(5'000'000) == 8'000'000);
  CHECK(supply->started(8'000'000) == sim::never);
  CHECK(supply->next_samples() == 5);
  CHECK(supply->finished(8'000'001) == 9'500'001);  // the last has 5 samples
  CHECK(supply->started(9'500'001) == sim::never);
  CHECK(supply->finished(10'000'000) == 12'000'000);  // the second epoch is cached
  CHECK(supply->last_epoch() == EpochLoad{3, 25, 25, 2'500'000, 2'500'000, 5'000'000});
  CHECK(supply->this_epoch(12'000'000) == EpochLoad{1, 10, 0, 0, 0, 2'000'000});
}

TEST_CASE("What would be loaded after 100 years is never there, and a faster CPU brings it back") {
  InputPipelineOptions options = round_pipeline(1, 1, 1);
  auto supply = MinibatchSupply::make(options, 1);
  REQUIRE(supply);
  CHECK(supply->begin(sim::longest_time_ns - 1'000'000) == sim::never);
  CHECK(supply->this_epoch(sim::longest_time_ns).storage_busy_ns == 1'000'000);
  options.cycles_per_sample = 1'000'000'000'000;
  options.cpu = {1, 1e12};
  auto slow = MinibatchSupply::make(options, 1);
  REQUIRE(slow);
  CHECK(slow->set_cpu(0, {0.01, 1e6}) == sim::never);
  // 10 s of 1e12 cycles at 1e6 x 0.01 a second are 1e9 s, which are 31 years.
  CHECK(slow->begin(0) / sim::ns_per_s == Approx(1e9).epsilon(1e-4));
  CHECK(slow->set_cpu(1'000'000, {1, 1e12}) == 1'000'000 + 10 * sim::ns_per_s);
}

}  // namespace wattline::workloads
