#include "workloads/catalog.hpp"

#include <utility>

#include "sim/base/text.hpp"
#include "workloads/models/models.hpp"

namespace wattline::workloads {

std::vector<Dnn> catalog() {
  return {mobilenet_v3_large(), resnet50(), resnet18(), yolov8n(), bert_large(), bert_base(), lstm()};
}

Result<Dnn> find_dnn(const std::string& name) {
  std::vector<std::string> known;
  for (Dnn& dnn : catalog()) {
    if (dnn.name == name) return std::move(dnn);
    known.push_back(dnn.name);
  }
  return bad_input(unknown_name_message("DNN", name, known));
}

}  // namespace wattline::workloads
