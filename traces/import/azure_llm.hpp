// Importer of the Azure LLM inference traces (Azure/AzurePublicDataset, AzureLLMInferenceTrace_*.csv,
// November 2023, CC BY 4.0): columns TIMESTAMP ("2023-11-16 18:15:46.6805900"), ContextTokens,
// GeneratedTokens. Only the instants are used: nanoseconds from the first request.
#pragma once

#include <string>
#include <vector>

#include "sim/base/result.hpp"
#include "sim/time.hpp"

namespace wattline::traces {

// At least one request. The rows must be in ascending order of time.
Result<std::vector<sim::TimeNs>> parse_azure_llm(const std::string& text, const std::string& name);

}  // namespace wattline::traces
