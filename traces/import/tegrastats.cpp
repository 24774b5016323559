#include "traces/import/tegrastats.hpp"

#include <fmt/format.h>

#include "sim/base/printable.hpp"
#include "sim/base/text.hpp"
#include "traces/import/tegrastats_line.hpp"

namespace wattline::traces {

namespace {

// Collects line after line; an error is without file and line.
class LogReader {
 public:
  explicit LogReader(const ImportOptions& options) : options_(options), rails_(options.power_rails) {}

  MaybeError add(std::string_view text, std::size_t line_number);
  std::vector<PowerReading> take() { return std::move(readings_); }

 private:
  Result<double> instant_of(const TegrastatsLine& line);
  Result<std::optional<double>> power_of(const TegrastatsLine& line);

  const ImportOptions& options_;
  std::vector<std::string> rails_;  // that are summed
  std::vector<PowerReading> readings_;
  std::optional<std::int64_t> first_stamp_ns_;
  bool with_rails_ = false;  // the first line has some
};

Result<double> LogReader::instant_of(const TegrastatsLine& line) {
  if (readings_.empty()) first_stamp_ns_ = line.stamp_ns;
  if (line.stamp_ns.has_value() != first_stamp_ns_.has_value()) {
    return bad_input(line.stamp_ns ? "has a time stamp; the first line has none"
                                   : "has no time stamp; the first line has one");
  }
  if (line.stamp_ns && options_.start_s)
    return *options_.start_s + static_cast<double>(*line.stamp_ns - *first_stamp_ns_) * 1e-9;
  if (line.stamp_ns) return static_cast<double>(*line.stamp_ns) * 1e-9;
  if (!options_.start_s)
    return bad_input("has no time stamp; give the instant of the first line with --start-s");
  return *options_.start_s + static_cast<double>(readings_.size()) * options_.interval_s;
}

Result<std::optional<double>> LogReader::power_of(const TegrastatsLine& line) {
  if (readings_.empty()) with_rails_ = !line.rails.empty();
  if (line.rails.empty() != !with_rails_)
    return bad_input(with_rails_ ? "has no power rail; the first line has some"
                                 : "has power rails; the first line has none");
  if (!with_rails_) return std::optional<double>();
  if (rails_.empty()) rails_ = rails_of_module(line.rails);
  if (rails_.empty()) {
    std::vector<std::string> names;
    for (const RailReading& reading : line.rails) names.push_back(reading.rail);
    return bad_input(
        fmt::format("which of the rails {} make up the module is not known; name those to sum with --rails",
                    joined(names)));
  }
  const auto power_w = total_power_w(line.rails, rails_);
  if (!power_w) return power_w.error();
  return std::optional<double>(*power_w);
}

MaybeError LogReader::add(std::string_view text, std::size_t line_number) {
  const auto line = parse_tegrastats_line(text);
  if (!line) return line.error();
  const auto time_s = instant_of(*line);
  if (!time_s) return time_s.error();
  if (!readings_.empty() && *time_s < readings_.back().time_s)
    return bad_input("its time stamp is before that of the line above");
  const auto power_w = power_of(*line);
  if (!power_w) return power_w.error();
  PowerReading reading;
  reading.time_s = *time_s;
  reading.power_w = *power_w;
  reading.cores = line->cores;
  reading.cpu_khz = line->cpu_khz;
  reading.gpu_khz = line->gpu_khz;
  reading.emc_khz = line->emc_khz;
  reading.line = line_number;
  readings_.push_back(std::move(reading));
  return std::nullopt;
}

}  // namespace

Result<PowerLog> parse_tegrastats(const std::string& text, const std::string& name,
                                  const ImportOptions& options) {
  PowerLog log;
  log.name = printable(name);
  log.source = "tegrastats";
  LogReader reader(options);
  std::string_view rest = text;
  for (std::size_t line_number = 1; !rest.empty(); ++line_number) {
    const auto end = rest.find('\n');
    const bool ended = end != std::string_view::npos;
    const std::string_view line = trimmed(rest.substr(0, end));
    rest = ended ? rest.substr(end + 1) : std::string_view{};
    if (line.empty()) continue;
    if (auto error = reader.add(line, line_number)) {
      return bad_input(
          fmt::format("{}: line {}: {}{}", log.name, line_number, error->message,
                      ended ? "" : "; the file ends here without a line break and looks cut off"));
    }
  }
  log.readings = reader.take();
  if (log.readings.empty()) return bad_input(log.name + ": empty; lines of tegrastats are expected");
  return log;
}

Result<std::vector<devices::ProfileRow>> import_tegrastats(const std::string& text, const std::string& name,
                                                           const ImportOptions& options) {
  const auto log = parse_tegrastats(text, name, options);
  if (!log) return log.error();
  return join_minibatch_log(*log, options);
}

}  // namespace wattline::traces
