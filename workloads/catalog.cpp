#include "workloads/catalog.hpp"

#include <utility>

#include "sim/base/text.hpp"
#include "workloads/models/models.hpp"
#include "workloads/workload_name.hpp"

namespace wattline::workloads {

std::vector<Dnn> catalog() {
  return {mobilenet_v3_large(), resnet50(),         resnet18(), yolov8n(),
          bert_large(),         bert_base(),        lstm(),     ssd_mobilenet_v1(),
          ssd_resnet34(),       bert_large_squad(), rnnt(),     unet3d()};
}

Result<Dnn> find_dnn(const std::string& name) {
  const auto wanted = parse_workload_name(name);
  if (!wanted) return wanted.error();
  std::vector<std::string> known;
  for (Dnn& dnn : catalog()) {
    if (dnn.name == wanted->network) return std::move(dnn);
    known.push_back(dnn.name);
  }
  return bad_input(unknown_name_message("DNN", wanted->network, known));
}

}  // namespace wattline::workloads
