// wattline workloads: lists the networks, or shows one with its kernels.
#include <fmt/format.h>

#include <memory>

#include "experiments/cli/verbs.hpp"
#include "sim/base/text.hpp"
#include "workloads/catalog.hpp"

namespace wattline::experiments {

namespace {

using workloads::Dnn;
using workloads::Role;

struct WorkloadsOptions {
  std::string name;
  std::string role = "infer";
  std::int64_t batch = 1;
  std::string format = "table";
};

std::string batches_text(const std::vector<int>& batches) {
  return batches.empty() ? "-" : fmt::format("{}", fmt::join(batches, " "));
}

ResultTable list_of_workloads() {
  ResultTable table;
  table.columns = {{"workload"},         {"title"},   {"parameters"}, {"gflop_per_sample", 3},
                   {"mb_per_sample", 1}, {"kernels"}, {"launches"},   {"infer_batches"},
                   {"train_batches"}};
  for (const Dnn& dnn : workloads::catalog()) {
    const workloads::WorkTotals sum = workloads::totals(dnn.forward);
    table.rows.push_back({dnn.name, dnn.title, dnn.parameters, static_cast<double>(sum.flop.at(1)) * 1e-9,
                          static_cast<double>(sum.bytes.at(1)) * 1e-6,
                          static_cast<std::int64_t>(dnn.forward.size()), sum.launches,
                          batches_text(dnn.infer_batches), batches_text(dnn.train_batches)});
  }
  return table;
}

ResultTable kernels_of(const Dnn& dnn, Role role, std::int64_t batch) {
  ResultTable table;
  table.columns = {{"kernel"}, {"kind"}, {"flop"}, {"bytes"}, {"flop_per_byte", 2}, {"launches"}};
  for (const workloads::Kernel& kernel : workloads::kernels(dnn, role)) {
    const std::int64_t flop = kernel.flop.at(batch), bytes = kernel.bytes.at(batch);
    table.rows.push_back({kernel.name, std::string(workloads::name_of(kernel.kind)), flop, bytes,
                          bytes > 0 ? Cell{static_cast<double>(flop) / static_cast<double>(bytes)} : Cell{},
                          std::int64_t{kernel.launches}});
  }
  return table;
}

void run_workloads(const WorkloadsOptions& options) {
  const Format format = format_of(options.format);
  if (options.name.empty()) return print(list_of_workloads().print(format));
  const Dnn dnn = required(workloads::find_dnn(options.name));
  const Role role = options.role == "train" ? Role::train : Role::infer;
  if (format == Format::table) {
    const workloads::WorkTotals sum = workloads::totals(workloads::kernels(dnn, role));
    print(fmt::format("{}: {}\n{}\n{} at batch {}: {} FLOP, {} bytes, {} launches\n\n", dnn.name, dnn.title,
                      dnn.source, options.role, options.batch, sum.flop.at(options.batch),
                      sum.bytes.at(options.batch), sum.launches));
  }
  print(kernels_of(dnn, role, options.batch).print(format));
}

}  // namespace

void add_workloads(CLI::App& app) {
  auto options = std::make_shared<WorkloadsOptions>();
  CLI::App* verb = app.add_subcommand("workloads", "List the networks, or show one with its kernels");
  verb->add_option("workload", options->name, "A built-in network (a software stack after an @ is ignored)");
  const CLI::Option* role = verb->add_option("--role", options->role, "infer or train")
                                ->check(CLI::IsMember({"infer", "train"}))
                                ->capture_default_str();
  const CLI::Option* batch = verb->add_option("--batch", options->batch, "Samples in the minibatch")
                                 ->check(CLI::Range(1, 1'000'000))
                                 ->capture_default_str();
  add_format_option(*verb, options->format);
  verb->footer("Example: wattline workloads resnet50 --batch 16");
  verb->callback([options, role, batch] {
    if (options->name.empty() && role->count() + batch->count() > 0)
      throw CommandError(bad_input("--role and --batch are of one workload; name it"));
    run_workloads(*options);
  });
}

}  // namespace wattline::experiments
