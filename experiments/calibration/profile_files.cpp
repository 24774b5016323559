#include "experiments/calibration/profile_files.hpp"

#include "experiments/run_directory.hpp"
#include "sim/base/printable.hpp"
#include "sim/base/text.hpp"
#include "traces/csv.hpp"
#include "traces/import/formats.hpp"
#include "traces/profile_csv.hpp"

namespace wattline::experiments {

Result<ProfileFiles> read_profile_files(const ProfileSource& source, const traces::ImportOptions& import) {
  ProfileFiles read;
  std::vector<std::string> hashes;
  for (const std::string& path : source.files) {
    const std::string name = printable(path);
    const auto text = read_text_file(path, traces::longest_csv);
    if (!text) return text.error();
    hashes.push_back(sha256_of(*text));
    auto rows = source.format.empty() ? traces::parse_profile_csv(*text, path)
                                      : traces::import_text(source.format, *text, path, import);
    if (!rows) return rows.error();
    read.files.push_back({name, *std::move(rows)});
  }
  read.sha256 = hashes.size() == 1 ? hashes.front() : sha256_of(joined(hashes, ""));
  return read;
}

}  // namespace wattline::experiments
