// The texts of devices/specs/*.json, compiled in (devices/embed_specs.cmake). Immutable.
#pragma once

#include <string>
#include <vector>

namespace wattline::devices {

struct EmbeddedSpec {
  std::string file_name;
  std::string text;
};

const std::vector<EmbeddedSpec>& embedded_specs();

}  // namespace wattline::devices
