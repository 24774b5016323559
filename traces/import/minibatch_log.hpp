// The minibatch log that a power log (tegrastats, jtop) is joined with: a CSV with the columns
// start_s,end_s,workload,role,batch, one row a minibatch, in ascending order and without overlap. The
// instants are seconds in the clock of the power log (see ImportOptions::start_s); from Python,
// time.time() before and after the minibatch, the device synchronized, is such a clock for logs whose
// time stamps are UTC. role is train or infer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "sim/base/result.hpp"
#include "workloads/dnn.hpp"

namespace wattline::traces {

struct Minibatch {
  double start_s = 0;
  double end_s = 0;
  std::string workload;
  workloads::Role role = workloads::Role::infer;
  std::int64_t batch = 0;
  std::size_t line = 0;
};

// At least one row. One that ends before it starts, or starts before the one above has ended, is an error.
Result<std::vector<Minibatch>> parse_minibatch_log(const std::string& text, const std::string& name);
Result<std::vector<Minibatch>> read_minibatch_log(const std::string& path);

}  // namespace wattline::traces
