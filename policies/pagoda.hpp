// Roofline tuning after Pagoda (arXiv 2509.20189): the least energy without losing time. The paper finds that
// the top mode (MAXN) is not the most energy-efficient one and that rooflines of time and energy tell which
// mode saves energy at hardly any time; how it searches is not published, and the steps here are our reading
// (docs/policies/pagoda.md).
//
// It profiles the top mode, one mode half-way down each axis, and fits time and energy rooflines over the
// modes (energy_roofline.hpp). Of the points predicted to be within the budgets it takes the fastest as the
// measure, and of those that lose at most `time_slack` against it the one of least energy; profiles that,
// fits anew, and goes on until that point is one it has seen. Where no budget binds, the fastest is MAXN.
// "Time" is what the problem's kind calls speed: training time, latency, training throughput. A problem that
// asks for the least energy sets no such limit. The plan is the point that the same rule takes among all that
// were observed.
#pragma once

#include "policies/policy.hpp"

namespace wattline::policies {

struct PagodaOptions {
  int profiles = 15;         // most profiles per problem. Range 1 .. 1,000
  double time_slack = 0.02;  // share of speed that may be lost to save energy. Range 0 .. 1
};

class Pagoda final : public Policy {
 public:
  explicit Pagoda(PagodaOptions options) : options_(options) {}
  Outcome solve(const Problem& problem, Platform& platform) const override;

 private:
  PagodaOptions options_;
};

}  // namespace wattline::policies
