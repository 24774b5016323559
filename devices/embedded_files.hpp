// Files that are compiled in (devices/embed_files.cmake). Immutable.
#pragma once

#include <string>
#include <vector>

namespace wattline::devices {

struct EmbeddedFile {
  std::string file_name;
  std::string text;
};

const std::vector<EmbeddedFile>& embedded_specs();   // devices/specs/*.json
const std::vector<EmbeddedFile>& embedded_models();  // devices/models/*.json

}  // namespace wattline::devices
