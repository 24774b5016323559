// A calibrated model as a file: JSON, schema "wattline-model/1", whole and by itself (the board's spec is in
// it). What is read is what was written, to the bit.
//
// Strict: unknown keys, sizes that do not match, values out of range, and what cannot be though each number
// is in range (a covariance with a negative variance, the same workload twice, predictions that are no
// numbers) are errors that name the field.
#pragma once

#include <string>

#include "devices/calibration/model.hpp"
#include "sim/base/strict_json.hpp"

namespace wattline::devices::calibration {

inline constexpr const char* model_schema = "wattline-model/1";

// `name_device`: name the built-in board instead of holding its spec; for the models that are shipped with
// it.
std::string write_model(const CalibratedModel& model, bool name_device = false);

// `name` is what messages call the text.
Result<CalibratedModel> parse_model(const std::string& text, const std::string& name);
// "built-in:orin-agx" is the shipped model of a board, by its name or alias; anything else is a path.
Result<CalibratedModel> read_model(const std::string& path);
inline constexpr const char* built_in_prefix = "built-in:";
// Names of the boards that have a shipped model.
std::vector<std::string> shipped_models();

// Whether a JSON text says that it is a model file; nothing else of it is checked.
bool is_model_file(const Json& json);

}  // namespace wattline::devices::calibration
