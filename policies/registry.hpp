// Policies by name, with their options as JSON. Adding a policy is adding its file and one entry here.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "policies/neural_columns.hpp"
#include "policies/policy.hpp"
#include "sim/base/strict_json.hpp"

namespace wattline::policies {

// All there are, in alphabetical order.
std::vector<std::string> policy_names();

// Reads {"policy": name, ...its options...}; keys that neither the policy nor the caller asked for are
// left for reject_unknown_keys(). Returns null after an error, which `in` then holds.
//
// `references` tells the profiles that "powertrain" starts from: it reads the policy's key "reference", and
// holds what it reads wrong in `in`. A policy that wants one where there is no source is an error.
using ReferenceSource = std::function<Reference(ObjectReader& in)>;
std::unique_ptr<Policy> make_policy(ObjectReader& in, std::uint64_t default_seed,
                                    const ReferenceSource& references = {});

}  // namespace wattline::policies
