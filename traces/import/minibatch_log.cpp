#include "traces/import/minibatch_log.hpp"

#include <fmt/format.h>

#include "traces/import/records.hpp"

namespace wattline::traces {

namespace {

constexpr double latest_s = 1e10;        // the year 2286
constexpr double same_instant_s = 1e-6;  // what a clock in binary seconds since 1970 can tell apart
const RowReader::Names roles = {{"infer", "infer"}, {"train", "train"}};

Minibatch minibatch_of(RowReader& in) {
  Minibatch minibatch;
  minibatch.start_s = in.number("start_s", between(0, latest_s));
  minibatch.end_s = in.number("end_s", between(0, latest_s));
  minibatch.workload = in.text("workload");
  minibatch.role = in.renamed("role", roles) == "train" ? workloads::Role::train : workloads::Role::infer;
  minibatch.batch = in.integer("batch", 1, 1'000'000);
  if (!in.error() && minibatch.end_s <= minibatch.start_s)
    in.fail("end_s", fmt::format("{} is not after start_s, {}", minibatch.end_s, minibatch.start_s));
  return minibatch;
}

}  // namespace

Result<std::vector<Minibatch>> parse_minibatch_log(const std::string& text, const std::string& name) {
  double previous_end_s = 0;
  return records_of<Minibatch>(
      text, name, {"start_s", "end_s", "workload", "role", "batch"}, [&](RowReader& in) {
        const Minibatch minibatch = minibatch_of(in);
        if (!in.error() && minibatch.start_s < previous_end_s - same_instant_s) {
          in.fail("start_s", fmt::format("{} is before the row above has ended, {}; minibatches one after "
                                         "the other are expected",
                                         minibatch.start_s, previous_end_s));
        }
        previous_end_s = minibatch.end_s;
        return minibatch;
      });
}

Result<std::vector<Minibatch>> read_minibatch_log(const std::string& path) {
  const auto text = read_text_file(path);
  if (!text) return text.error();
  return parse_minibatch_log(*text, path);
}

}  // namespace wattline::traces
