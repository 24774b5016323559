#include "traces/import/tegrastats_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "sim/base/text.hpp"
#include "traces/timestamp.hpp"

namespace wattline::traces {

namespace {

constexpr double highest_mhz = 5000;

Error not_printed(std::string_view part) {
  return bad_input(fmt::format("'{}' is not what tegrastats prints", part.substr(0, 80)));
}

// "12%" or "12.5%".
bool is_percentage(std::string_view text) {
  if (!text.ends_with('%')) return false;
  const auto value = parse_double(text.substr(0, text.size() - 1));
  return value && *value >= 0 && *value <= 100;
}

// A clock in MHz as kHz; 0 is a gated engine.
std::optional<double> clock_khz(std::string_view text) {
  const auto mhz = parse_double(text);
  if (!mhz || *mhz < 0 || *mhz > highest_mhz) return std::nullopt;
  return *mhz * 1000;
}

void keep_fastest(std::optional<double>& fastest_khz, double khz) {
  if (khz > 0 && khz > fastest_khz.value_or(0)) fastest_khz = khz;
}

// Reads part after part; a part is what stands between blanks.
class LineReader {
 public:
  explicit LineReader(std::string_view line) : rest_(line) {}

  bool done() const { return trimmed(rest_).empty(); }
  std::string_view next() {
    rest_ = trimmed(rest_);
    const auto end = std::min(rest_.find_first_of(" \t"), rest_.size());
    const std::string_view part = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return part;
  }
  std::string_view peek() const { return LineReader(rest_).next(); }
  // As next(), but to the next blank after `last`, for lists may hold blanks; empty where `last` is missing.
  std::string_view next_through(char last) {
    rest_ = trimmed(rest_);
    const auto closing = rest_.find(last);
    if (closing == std::string_view::npos) return {};
    const auto end = std::min(rest_.find_first_of(" \t", closing), rest_.size());
    const std::string_view part = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return part;
  }

 private:
  std::string_view rest_;
};

// "GPU@48.5C" or "cpu@48.5C/49C".
bool is_temperature(std::string_view part) {
  const auto at = part.find('@');
  if (at == std::string_view::npos || at == 0) return false;
  for (const std::string_view value : split(part.substr(at + 1), '/')) {
    if (!value.ends_with('C') || !parse_double(value.substr(0, value.size() - 1))) return false;
  }
  return true;
}

// "1234/3964MB (lfb 12x4MB)" or "0/252kB(lfb 252kB)" after RAM, SWAP or IRAM.
MaybeError read_memory(LineReader& in) {
  const std::string_view value = in.next();
  const auto used_end = value.find('/');
  if (used_end == std::string_view::npos || !parse_int(value.substr(0, used_end))) return not_printed(value);
  const bool opened = value.find('(') != std::string_view::npos;
  if ((opened || in.peek().starts_with('(')) && in.next_through(')').empty())
    return not_printed(fmt::format("{} without its closing bracket", value));
  return std::nullopt;
}

// "[12%@1190,off]" or "[12%,off]@2601".
MaybeError read_cores(std::string_view list, TegrastatsLine& line) {
  const auto closing = list.find(']');
  const std::string_view after = list.substr(closing + 1);
  if (!after.empty()) {
    const auto khz = after.starts_with('@') ? clock_khz(after.substr(1)) : std::nullopt;
    if (!khz) return not_printed(list);
    keep_fastest(line.cpu_khz, *khz);
  }
  std::int32_t online = 0;
  for (const std::string_view blank_core : split(list.substr(1, closing - 1), ',')) {
    const std::string_view core = trimmed(blank_core);
    if (core == "off") continue;
    const auto at = core.find('@');
    if (!is_percentage(core.substr(0, at))) return not_printed(core);
    ++online;
    if (at == std::string_view::npos) continue;
    const auto khz = clock_khz(core.substr(at + 1));
    if (!khz) return not_printed(core);
    keep_fastest(line.cpu_khz, *khz);
  }
  if (online == 0) return bad_input("no core is online");
  line.cores = online;
  return std::nullopt;
}

// "99%@1300", "99%@[1300,1300]", "@1300", "99%", "115" or "off".
MaybeError read_engine(std::string_view value, std::optional<double>& khz) {
  if (value == "off" || value == "on") return std::nullopt;
  const auto at = value.find('@');
  const std::string_view load = value.substr(0, at);
  if (at == std::string_view::npos) {
    // A bare number is a clock.
    if (is_percentage(value)) return std::nullopt;
    const auto clock = clock_khz(value);
    if (!clock) return not_printed(value);
    keep_fastest(khz, *clock);
    return std::nullopt;
  }
  if (!load.empty() && !is_percentage(load)) return not_printed(value);
  std::string_view clocks = value.substr(at + 1);
  if (clocks.starts_with('[') && clocks.ends_with(']')) clocks = clocks.substr(1, clocks.size() - 2);
  for (const std::string_view blank_clock : split(clocks, ',')) {
    const auto clock = clock_khz(trimmed(blank_clock));
    if (!clock) return not_printed(value);
    keep_fastest(khz, *clock);
  }
  return std::nullopt;
}

// "2532/2698", "2401mW/2401mW", "2401mW/2401mW/2500mW" or "2401mW": the first is the power now.
MaybeError read_rail(std::string_view rail, std::string_view value, TegrastatsLine& line) {
  std::optional<double> now_mw;
  for (std::string_view part : split(value, '/')) {
    if (part.ends_with("mW")) part.remove_suffix(2);
    const auto power_mw = parse_double(part);
    if (!power_mw || *power_mw < -1e6 || *power_mw > 1e6) return not_printed(value);
    if (!now_mw) now_mw = power_mw;
  }
  if (rail == "NC") return std::nullopt;  // not connected; AGX Orin prints several
  for (const RailReading& reading : line.rails) {
    if (reading.rail == rail) return bad_input(fmt::format("rail {} appears twice", rail));
  }
  line.rails.push_back({std::string(rail), *now_mw});
  return std::nullopt;
}

// "fg 0% bg 0%" after MTS.
MaybeError read_translation(LineReader& in) {
  for (const char* half : {"fg", "bg"}) {
    if (in.next() != half || !is_percentage(in.next())) return not_printed("MTS without fg and bg");
  }
  return std::nullopt;
}

MaybeError read_item(std::string_view name, LineReader& in, TegrastatsLine& line) {
  if (is_temperature(name)) return std::nullopt;
  if (in.done()) return bad_input(fmt::format("'{}' has no value", name.substr(0, 80)));
  if (name == "RAM" || name == "SWAP" || name == "IRAM") return read_memory(in);
  if (name == "MTS") return read_translation(in);
  const bool list = in.peek().find('[') != std::string_view::npos;
  const std::string_view value = list ? in.next_through(']') : in.next();
  if (list && value.empty()) return bad_input(fmt::format("the list of {} does not end", name.substr(0, 80)));
  if (name == "CPU" && value.starts_with('[')) return read_cores(value, line);
  if (value.ends_with("mW") || value.find('/') != std::string_view::npos) return read_rail(name, value, line);
  std::optional<double> unused_khz;
  return read_engine(value, name == "GR3D_FREQ"  ? line.gpu_khz
                            : name == "EMC_FREQ" ? line.emc_khz
                                                 : unused_khz);
}

}  // namespace

Result<TegrastatsLine> parse_tegrastats_line(std::string_view text) {
  TegrastatsLine line;
  text = trimmed(text);
  // A time stamp starts with a digit, the name of an item never does.
  if (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    line.stamp_ns = parse_month_first_timestamp(text.substr(0, 19));
    if (!line.stamp_ns) {
      return bad_input(
          fmt::format("'{}' is not accepted; a time stamp such as '11-23-2026 10:00:01' is expected",
                      text.substr(0, 19)));
    }
    text.remove_prefix(19);
  }
  LineReader in(text);
  while (!in.done()) {
    if (auto error = read_item(in.next(), in, line)) return *error;
  }
  if (!line.cores) return bad_input("no 'CPU [..]' in the line; a line of tegrastats has it");
  return line;
}

}  // namespace wattline::traces
