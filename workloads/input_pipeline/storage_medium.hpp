// The medium that training samples are read from.
//
// A read of one sample takes `access_ns` and its bytes / `bytes_per_s`. The medium serves one request at a
// time, first in first out, and a request is all that a minibatch has to read. Our reading: a worker reads
// its samples one after the other, so that a real medium interleaves the reads of several workers; that takes
// the same time in sum, and since minibatches are delivered in order, the first of them should not wait for
// the others. A disk and a card have one head or one command at a time anyway. An NVMe drive overlaps reads,
// which is why its preset has less than the latency of one read. No read-ahead, no writes.
#pragma once

#include <span>
#include <string>

#include "sim/base/result.hpp"
#include "sim/time.hpp"

namespace wattline::workloads {

struct StorageMedium {
  std::string name;           // for messages and reports
  double bytes_per_s = 0;     // of sequential reading; 1e3 .. 1e12
  sim::TimeNs access_ns = 0;  // of a random read, in which nothing else is read; 0 .. 10 s
};

// "nvme", "emmc", "sd", "hdd": what the study of training on Jetson boards varies (POMACS 2022, arXiv
// 2509.20160), which gives no figures. Where each figure comes from stands beside it; all are estimates of
// ours, within what the standards named there allow.
std::span<const StorageMedium> storage_presets();

// An unknown name is an error that names the nearest.
Result<StorageMedium> storage_preset(const std::string& name);

// What is wrong with it, if anything is: a number out of the ranges above, or none at all.
MaybeError check(const StorageMedium& medium);

// Of one sample, to the nearest nanosecond and at least 1. Preconditions: check passes, 1 <= bytes <= 1e12.
sim::TimeNs read_ns(const StorageMedium& medium, std::int64_t bytes);

}  // namespace wattline::workloads
