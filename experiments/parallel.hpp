// Independent pieces of work on several threads.
//
// Plain threads and one counter rather than a task library: the thread sanitizer sees all of it.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace wattline::experiments {

// As many threads as the machine has cores, at least 1.
inline int all_cores() {
  return static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

// Calls body(i) once for every i in [0, count), on `jobs` threads (at least 1), each taking the next
// index that is free; returns when all are done. body must be safe to call from several threads for
// different i. The first exception of a body is rethrown here, after the others have stopped.
template <class Body>
void for_each_index(std::size_t count, int jobs, const Body& body) {
  std::atomic<std::size_t> next{0};
  std::mutex failure_mutex;
  std::exception_ptr failure;
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      try {
        body(i);
      } catch (...) {
        const std::lock_guard lock(failure_mutex);
        if (!failure) failure = std::current_exception();
        next = count;
      }
    }
  };
  {
    std::vector<std::jthread> others;
    const std::size_t threads = std::min<std::size_t>(count, static_cast<std::size_t>(std::max(1, jobs)));
    for (std::size_t i = 1; i < threads; ++i) others.emplace_back(work);
    work();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace wattline::experiments
