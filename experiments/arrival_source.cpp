#include "experiments/arrival_source.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "experiments/board.hpp"
#include "traces/arrival_csv.hpp"
#include "traces/csv.hpp"
#include "traces/import/azure_llm.hpp"

namespace wattline::experiments {

namespace {

constexpr Range accepted_rate = above(0, 1e9);
constexpr std::size_t most_segments = 10'000;

void read_log(ArrivalSource& source, ObjectReader& in, const std::string& kind, const std::string& base) {
  const std::string given = in.text("file");
  const std::string path = resolved_path(base, given);
  const bool replaceable = in.has("if_missing") && in.choice("if_missing", {"poisson"}) == "poisson";
  if (in.failed()) return;
  if (replaceable && !std::filesystem::exists(path)) {
    source.kind = ArrivalSource::Kind::poisson;
    source.note = fmt::format("{} is not there; Poisson arrivals are used instead", path);
    return;
  }
  const auto text = read_text_file(path, traces::longest_csv);
  if (!text) return in.fail("file", text.error().message);
  auto instants =
      kind == "csv" ? traces::parse_arrival_csv(*text, path) : traces::parse_azure_llm(*text, path);
  if (!instants) return in.fail("file", instants.error().message);
  source.kind = ArrivalSource::Kind::recorded;
  source.log_ns = *std::move(instants);
  source.inputs.push_back({given, sha256_of(*text)});
}

void read_segments(ArrivalSource& source, ObjectReader& in) {
  source.kind = ArrivalSource::Kind::piecewise;
  source.poisson_spacing = in.choice_or("spacing", {"poisson", "uniform"}, "poisson") == "poisson";
  std::vector<ObjectReader> segments = in.objects("segments");
  if (segments.size() > most_segments) {
    return in.fail("segments",
                   fmt::format("{} segments; at most {} are accepted", segments.size(), most_segments));
  }
  for (ObjectReader& segment : segments) {
    source.segments.push_back(
        {segment.number("duration_s", above(0, 1e9)), segment.number("rate_hz", between(0, 1e9))});
    segment.reject_unknown_keys();
  }
}

}  // namespace

bool ArrivalSource::finite() const {
  return kind == Kind::recorded || kind == Kind::piecewise || requests != workloads::unlimited_requests;
}

double ArrivalSource::mean_rate_hz() const {
  if (rate_hz > 0) return rate_hz;
  if (kind == Kind::recorded && log_ns.size() > 1 && log_ns.back() > log_ns.front()) {
    return static_cast<double>(log_ns.size() - 1) / sim::ns_to_seconds(log_ns.back() - log_ns.front());
  }
  double requests_expected = 0, duration_s = 0;
  for (const workloads::RateSegment& segment : segments) {
    requests_expected += segment.rate_hz * segment.duration_s;
    duration_s += segment.duration_s;
  }
  return duration_s > 0 ? requests_expected / duration_s : 0;
}

ArrivalSource read_arrival_source(ObjectReader in, const std::string& base, bool rate_from_caller) {
  ArrivalSource source;
  std::vector<std::string> kinds = {"uniform", "poisson", "csv", "azure_llm"};
  if (!rate_from_caller) kinds.push_back("piecewise");
  const std::string kind = in.choice("kind", kinds);
  if (in.failed()) return source;
  const bool logged = kind == "csv" || kind == "azure_llm";
  if (logged) read_log(source, in, kind, base);
  if (kind == "piecewise") read_segments(source, in);
  if (kind == "uniform") source.kind = ArrivalSource::Kind::uniform;
  if (kind == "poisson") source.kind = ArrivalSource::Kind::poisson;
  if (!rate_from_caller && kind != "piecewise") {
    source.rate_hz = logged ? in.number_or("rate_hz", accepted_rate, 0) : in.number("rate_hz", accepted_rate);
    if (logged && source.kind == ArrivalSource::Kind::poisson && source.rate_hz == 0) {
      in.fail("rate_hz", "missing; it is needed to replace a log that is not there");
    }
  }
  if (kind != "piecewise" && in.has("requests")) {
    source.requests = static_cast<std::uint64_t>(in.integer("requests", 1, 1'000'000'000'000));
  }
  in.reject_unknown_keys();
  return source;
}

Result<std::vector<sim::TimeNs>> instants_at_rate(const ArrivalSource& source, double rate_hz) {
  if (source.kind != ArrivalSource::Kind::recorded) return std::vector<sim::TimeNs>{};
  auto instants = rate_hz > 0 ? workloads::scaled_to_rate(source.log_ns, rate_hz) : Result(source.log_ns);
  if (instants && instants->size() > source.requests) instants->resize(source.requests);
  return instants;
}

std::unique_ptr<sim::ArrivalProcess> make_arrivals(const ArrivalSource& source, double rate_hz,
                                                   std::uint64_t seed, const std::vector<sim::TimeNs>& log_ns,
                                                   const std::string& stream_name) {
  const sim::RandomStream stream(seed, stream_name);
  switch (source.kind) {
    case ArrivalSource::Kind::none:
      return nullptr;
    case ArrivalSource::Kind::uniform:
      return std::make_unique<workloads::UniformArrivals>(rate_hz, source.requests);
    case ArrivalSource::Kind::poisson:
      return std::make_unique<workloads::PoissonArrivals>(rate_hz, stream, source.requests);
    case ArrivalSource::Kind::piecewise:
      if (source.poisson_spacing)
        return std::make_unique<workloads::PiecewiseArrivals>(source.segments, stream);
      return std::make_unique<workloads::PiecewiseArrivals>(source.segments);
    case ArrivalSource::Kind::recorded:
      return std::make_unique<workloads::RecordedArrivals>(log_ns);
  }
  return nullptr;
}

}  // namespace wattline::experiments
