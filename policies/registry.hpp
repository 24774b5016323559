// Policies by name, with their options as JSON. Adding a policy is adding its file and one entry here.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "policies/policy.hpp"
#include "sim/base/strict_json.hpp"

namespace wattline::policies {

// All there are, in alphabetical order.
std::vector<std::string> policy_names();

// Reads {"policy": name, ...its options...}; keys that neither the policy nor the caller asked for are
// left for reject_unknown_keys(). Returns null after an error, which `in` then holds.
std::unique_ptr<Policy> make_policy(ObjectReader& in, std::uint64_t default_seed);

}  // namespace wattline::policies
