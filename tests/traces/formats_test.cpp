// The foreign formats by name.
#include "traces/import/formats.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <fstream>
#include <set>

#include "tests/traces/outcome.hpp"

namespace wattline::traces {
namespace {

// A file that is gone with the test.
class ScratchFile {
 public:
  explicit ScratchFile(const std::string& text, const std::string& name = "log")
      : path_(std::filesystem::temp_directory_path() / fmt::format("wattline-{}-{}", name, ::getpid())) {
    std::ofstream(path_) << text;
  }
  ~ScratchFile() { std::filesystem::remove(path_); }
  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

const std::string gemm =
    "board,dtype,n,cublas_mode,gpu_mhz,flops_per_s,iterations,seconds,n_power_samples,mean_wall_power_w,"
    "max_wall_power_w\nNano,float,64,tensor,76.8,2097152000,73894,19.997486,21,2.753,2.9\n";

TEST_CASE("Every format has a name of its own and a title, and is found by it") {
  std::set<std::string> names;
  for (const Format& format : formats()) {
    CHECK(names.insert(format.name).second);
    CHECK_FALSE(format.title.empty());
    CHECK(accepted(find_format(format.name)).title == format.title);
  }
  CHECK(names.size() == 13);
  CHECK(mentions(error_of(find_format("tegrastat")),
                 "'tegrastat' is not a known format, did you mean 'tegrastats'?"));
}

TEST_CASE("The message about an unknown format lists those that hold profiles, and no other") {
  const std::string message = error_of(import_profiles("tegrastat", "nowhere.csv", {}));
  for (const Format& format : formats()) CHECK(mentions(message, format.name) == (format.parse != nullptr));
}

TEST_CASE("A format without profiles says what it holds instead") {
  CHECK(error_of(import_profiles("load-sweep", "nowhere.csv", {})) ==
        "format 'load-sweep' holds no profiles but request latencies under Poisson load "
        "(load-reactive-edge-inference)");
}

TEST_CASE("Device, workload and knobs of the options replace those of the file") {
  const ScratchFile file(gemm);
  ImportOptions options;
  const auto as_is = accepted(import_profiles("cublas-gemm", file.path(), options));
  CHECK(as_is[0].device == "jetson-nano");
  options.device = "my-nano";
  options.workload = "my-gemm@cublas";
  options.mode.cpu_khz = 102'000;
  const auto replaced = accepted(import_profiles("cublas-gemm", file.path(), options));
  CHECK(replaced[0].device == "my-nano");
  CHECK(replaced[0].workload == "my-gemm@cublas");
  CHECK(replaced[0].mode == devices::PowerMode{4, 102'000, 76'800, 1'600'000, 1});
  CHECK(replaced[0].time_ms == as_is[0].time_ms);
}

TEST_CASE("A time is chosen only where a format has several") {
  const ScratchFile file(gemm);
  CHECK(error_of(import_profiles("cublas-gemm", file.path(), with_time("p50_us"))) ==
        "format 'cublas-gemm' has one time only; 'p50_us' cannot be chosen");
}

TEST_CASE("A file that is not there is an error that names it") {
  for (const Format& format : formats()) {
    if (format.parse == nullptr) continue;
    ImportOptions options;
    options.start_s = 0;
    CHECK(mentions(error_of(import_profiles(format.name, "/nowhere/at-all.csv", options)),
                   "/nowhere/at-all.csv"));
  }
}

TEST_CASE("A tegrastats log and a minibatch log are joined from their files") {
  const std::string line =
      "RAM 1/2MB CPU [9%@1479,9%@1479,9%@1479,9%@1479] EMC_FREQ 9%@1600 GR3D_FREQ 99%@921 POM_5V_IN "
      "7000/6000\n";
  const ScratchFile log(line + line + line, "tegrastats");
  const ScratchFile minibatches(
      "start_s,end_s,workload,role,batch\n0,1,resnet18,train,8\n1,2,resnet18,train,8\n", "runs");
  ImportOptions options;
  options.device = "jetson-nano";
  options.start_s = 0;
  CHECK(mentions(error_of(import_profiles("tegrastats", log.path(), options)),
                 "a power log says nothing of minibatches"));
  options.minibatches = minibatches.path();
  const auto rows = accepted(import_profiles("tegrastats", log.path(), options));
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].mode == devices::PowerMode{4, 1'479'000, 921'600, 1'600'000, 0});
  CHECK(rows[0].time_ms == 1000.0);
  CHECK(rows[0].power_w == 7.0);
  CHECK(rows[0].samples == 2);
}

TEST_CASE("A jtop log and a minibatch log are joined from their files") {
  const ScratchFile log(
      "time,CPU1,CPU2,Power TOT,nvp model\n2026-11-23 10:00:00,5,5,4000,5W\n2026-11-23 "
      "10:00:01,5,5,5000,5W\n",
      "jtop");
  const ScratchFile minibatches("start_s,end_s,workload,role,batch\n0,1,resnet18,infer,8\n", "runs");
  ImportOptions options;
  options.device = "jetson-nano";
  options.start_s = 0;
  options.minibatches = minibatches.path();
  const auto rows = accepted(import_profiles("jtop", log.path(), options));
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].mode ==
        accepted(devices::find_preset(accepted(devices::find_device("jetson-nano")), "5W")).mode);
  CHECK(rows[0].power_w == 4.5);
}

}  // namespace
}  // namespace wattline::traces
