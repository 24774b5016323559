#include "experiments/calibration/profile_files.hpp"

#include <fmt/format.h>

#include <set>
#include <tuple>

#include "experiments/run_directory.hpp"
#include "experiments/whole_file.hpp"
#include "sim/base/printable.hpp"
#include "sim/base/text.hpp"
#include "traces/csv.hpp"
#include "traces/import/formats.hpp"
#include "traces/profile_csv.hpp"

namespace wattline::experiments {

using devices::ProfileRow;

namespace {

MaybeError check_given_once(const std::vector<std::string>& files) {
  for (std::size_t i = 0; i < files.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (same_file(files[j], files[i]))
        return bad_input(fmt::format("{}: given twice as --profile", printable(files[i])));
  return {};
}

struct PlacedRow {
  const ProfileRow* row;
  const ProfileFile* file;
};

// Orders by all that a row says; by what differs most first.
struct ByContent {
  static auto key(const ProfileRow& row) {
    return std::tie(row.time_ms, row.power_w, row.mode, row.batch, row.role, row.workload, row.device,
                    row.time_std_ms, row.power_std_w, row.samples, row.power_kind, row.flop, row.bytes,
                    row.source);
  }
  bool operator()(const PlacedRow& a, const PlacedRow& b) const { return key(*a.row) < key(*b.row); }
};

std::string place_of(const PlacedRow& earlier, const ProfileFile& file) {
  if (earlier.file == &file) return fmt::format("line {}", earlier.row->line);
  return fmt::format("line {} of {}", earlier.row->line, earlier.file->name);
}

// A measurement is never repeated to the last digit in every value: such rows were copied.
std::vector<std::string> repeated_rows(const std::vector<ProfileFile>& files) {
  constexpr std::size_t most = 4;
  std::set<PlacedRow, ByContent> known;
  std::vector<std::string> notes;
  for (const ProfileFile& file : files) {
    std::vector<std::string> found;
    std::size_t count = 0;
    for (const ProfileRow& row : file.rows) {
      if (!row.time_ms && !row.power_w) continue;
      const auto [earlier, is_new] = known.insert({&row, &file});
      if (is_new) continue;
      if (++count <= most)
        found.push_back(fmt::format("line {} is the same as {}", row.line, place_of(*earlier, file)));
    }
    if (count > most) found.push_back(fmt::format("and {} more rows are like others", count - most));
    if (count > 0) notes.push_back(fmt::format("{}: {}", file.name, joined(found)));
  }
  return notes;
}

}  // namespace

Result<ProfileFiles> read_profile_files(const ProfileSource& source, const traces::ImportOptions& import) {
  if (auto error = check_given_once(source.files)) return *error;
  ProfileFiles read;
  std::vector<std::string> hashes;
  for (const std::string& path : source.files) {
    const std::string name = printable(path);
    const auto text = read_text_file(path, traces::longest_csv);
    if (!text) return text.error();
    hashes.push_back(sha256_of(*text));
    for (std::size_t i = 0; i + 1 < hashes.size(); ++i)
      if (hashes[i] == hashes.back())
        return bad_input(
            fmt::format("{}: holds the same text as {}; give it once", name, read.files[i].name));
    auto rows = source.format.empty() ? traces::parse_profile_csv(*text, path)
                                      : traces::import_text(source.format, *text, path, import);
    if (!rows) return rows.error();
    if (const auto note = traces::cut_off_note(*text, path)) read.notes.push_back(*note);
    read.files.push_back({name, *std::move(rows)});
  }
  read.sha256 = hashes.size() == 1 ? hashes.front() : sha256_of(joined(hashes, ""));
  for (std::string& note : repeated_rows(read.files)) read.notes.push_back(std::move(note));
  return read;
}

}  // namespace wattline::experiments
