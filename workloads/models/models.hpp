// The built-in networks, one function each. Each call builds the network anew; no shared state.
// Counts: see workloads/network_builder.hpp. Batch sizes and roles are those of the studies of these
// networks on Jetson boards (Pagoda, arXiv 2509.20189; Fulcrum, arXiv 2509.20205; PowerTrain,
// arXiv 2407.13944). Those of MLPerf Inference alone (arXiv 1911.02549) have no batch sizes of a study.
#pragma once

#include "workloads/dnn.hpp"

namespace wattline::workloads {

Dnn mobilenet_v3_large();  // inference and training
Dnn resnet50();            // inference
Dnn resnet18();            // training
Dnn yolov8n();             // inference and training
Dnn bert_large();          // inference
Dnn bert_base();           // training
Dnn lstm();                // inference and training

// MLPerf Inference, edge.
Dnn ssd_mobilenet_v1();
Dnn ssd_resnet34();
Dnn bert_large_squad();
Dnn rnnt();
Dnn unet3d();

}  // namespace wattline::workloads
