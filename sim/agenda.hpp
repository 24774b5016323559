// When each of a fixed set of sources of events is due next, and which is first.
//
// A board has few things that can happen next, known before it runs: a minibatch ends, each stream's next
// request comes, a timer runs out. Each is a source with at most one instant pending; setting it again
// replaces it, so that nothing is ever cancelled and nothing is allocated. Sources are numbered in the order
// in which they happen at one instant, so that events are totally ordered by (instant, source).
//
// A tournament tree (Knuth, The Art of Computer Programming 3, 5.4.1): every node holds the earlier of its
// two children, the left one of equals. set is O(log2 n) without a branch that depends on the instants, first
// O(1), memory 32 bytes a source. Not thread-safe.
//
//   Agenda agenda(2);
//   agenda.set(arrival, 5);
//   while (agenda.first_due() != Agenda::never) ...  // what agenda.first() stands for happens at first_due()
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include "sim/time.hpp"

namespace wattline::sim {

class Agenda {
 public:
  using Source = std::uint32_t;

  static constexpr TimeNs never = sim::never;

  // `sources` of them, 0 .. sources - 1, none due.
  explicit Agenda(std::size_t sources) : leaves_(std::bit_ceil(std::max<std::size_t>(sources, 2))) {
    nodes_.resize(2 * leaves_, {never, 0});
    for (std::size_t i = 0; i < leaves_; ++i) nodes_[leaves_ + i].source = static_cast<Source>(i);
    for (std::size_t node = leaves_ - 1; node > 0; --node) nodes_[node].source = nodes_[2 * node].source;
  }

  TimeNs due(Source source) const { return nodes_[leaves_ + source].due_ns; }

  // The source that is due first, of those due at one instant the one with the smallest number.
  Source first() const { return nodes_[1].source; }
  TimeNs first_due() const { return nodes_[1].due_ns; }

  void clear(Source source) { set(source, never); }
  void set(Source source, TimeNs due_ns) {
    Node winner{due_ns, source};
    std::size_t node = leaves_ + source;
    nodes_[node] = winner;
    for (; node > 1; node /= 2) {
      const Node& other = nodes_[node ^ 1];
      // A left child, whose number is even, wins against its equal.
      const bool other_wins = other.due_ns < winner.due_ns + static_cast<TimeNs>(node & 1);
      // By masks: which of the two wins is chance, and a branch would be mispredicted half of the time.
      const auto mask = -static_cast<TimeNs>(other_wins);
      winner.due_ns ^= (winner.due_ns ^ other.due_ns) & mask;
      winner.source ^= (winner.source ^ other.source) & static_cast<Source>(mask);
      nodes_[node / 2] = winner;
    }
  }

 private:
  struct Node {
    TimeNs due_ns;
    Source source;
  };

  std::size_t leaves_;  // a power of two
  // The root is node 1, the children of node i are 2i and 2i + 1, and the leaves follow in the order of
  // sources.
  std::vector<Node> nodes_;
};

}  // namespace wattline::sim
