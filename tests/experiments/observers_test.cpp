// Several observers of one run.
#include "experiments/run/observers.hpp"

#include <fmt/format.h>

#include <string>

#include "tests/catch.hpp"

namespace wattline::experiments {
namespace {

class Diary final : public sim::RunObserver {
 public:
  Diary(std::string name, std::string& lines) : name_(std::move(name)), lines_(lines) {}
  void spent(sim::Activity activity, const sim::RailPowerUw& power_uw, sim::TimeNs from_ns,
             sim::TimeNs to_ns) override {
    lines_ += fmt::format("{} {} {} {} {}\n", name_, sim::name_of(activity), power_uw[1], from_ns, to_ns);
  }
  void served(std::size_t stream, sim::TimeNs arrival_ns, sim::TimeNs end_ns) override {
    lines_ += fmt::format("{} served {} {} {}\n", name_, stream, arrival_ns, end_ns);
  }
  void trained(std::size_t job, sim::TimeNs end_ns) override {
    lines_ += fmt::format("{} trained {} {}\n", name_, job, end_ns);
  }

 private:
  std::string name_;
  std::string& lines_;
};

TEST_CASE("Each observer is told everything, in the order in which they were added") {
  std::string lines;
  Diary first("a", lines), second("b", lines);
  Observers both;
  CHECK(both.empty());
  both.add(&first);
  both.add(&second);
  CHECK_FALSE(both.empty());
  both.spent(sim::Activity::train, {1, 2}, 3, 4);
  both.served(5, 6, 7);
  both.trained(8, 9);
  CHECK(lines ==
        "a train 2 3 4\nb train 2 3 4\n"
        "a served 5 6 7\nb served 5 6 7\n"
        "a trained 8 9\nb trained 8 9\n");
}

}  // namespace
}  // namespace wattline::experiments
