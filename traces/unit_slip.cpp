#include "traces/unit_slip.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace wattline::traces {

namespace {

enum class Quantity { frequency, time, power, energy };

struct Unit {
  const char* suffix;
  const char* symbol;
  Quantity quantity;
  int exponent;  // of ten, relative to the quantity's base unit
};

constexpr Unit units[] = {
    {"hz", "Hz", Quantity::frequency, 0},   {"khz", "kHz", Quantity::frequency, 3},
    {"mhz", "MHz", Quantity::frequency, 6}, {"ghz", "GHz", Quantity::frequency, 9},
    {"s", "s", Quantity::time, 0},          {"ms", "ms", Quantity::time, -3},
    {"us", "us", Quantity::time, -6},       {"ns", "ns", Quantity::time, -9},
    {"w", "W", Quantity::power, 0},         {"mw", "mW", Quantity::power, -3},
    {"uw", "uW", Quantity::power, -6},      {"kw", "kW", Quantity::power, 3},
    {"j", "J", Quantity::energy, 0},        {"mj", "mJ", Quantity::energy, -3},
};

const Unit* unit_of(std::string_view suffix) {
  const auto* found = std::find_if(std::begin(units), std::end(units),
                                   [&](const Unit& unit) { return unit.suffix == suffix; });
  return found == std::end(units) ? nullptr : found;
}

// "1,000,000" of 6; exponents are multiples of three.
std::string power_of_ten(int exponent) {
  std::string text = "1";
  for (int i = 0; i < exponent; i += 3) text += ",000";
  return text;
}

}  // namespace

std::optional<std::string> unit_slip_message(std::string_view column, std::span<const std::string> known) {
  const auto underscore = column.rfind('_');
  if (underscore == std::string_view::npos) return std::nullopt;
  const Unit* given = unit_of(column.substr(underscore + 1));
  if (given == nullptr) return std::nullopt;
  for (const Unit& wanted : units) {
    if (wanted.quantity != given->quantity || &wanted == given) continue;
    const std::string name = fmt::format("{}_{}", column.substr(0, underscore), wanted.suffix);
    if (std::find(known.begin(), known.end(), name) == known.end()) continue;
    const int difference = given->exponent - wanted.exponent;
    return fmt::format("column '{}' is in {}; '{}' is expected ({} by {})", column, given->symbol, name,
                       difference < 0 ? "divide" : "multiply", power_of_ten(std::abs(difference)));
  }
  return std::nullopt;
}

}  // namespace wattline::traces
