# Run as a script: writes ${OUT}, a C++ source that holds the texts of the files in ${SPECS}.
set(code "// Made by devices/write_embedded_specs.cmake from devices/specs/*.json.\n#include \"devices/embedded_specs.hpp\"\n\n")
string(APPEND code "namespace wattline::devices {\n\nconst std::vector<EmbeddedSpec>& embedded_specs() {\n")
string(APPEND code "  static const std::vector<EmbeddedSpec> specs = {\n")
foreach(spec IN LISTS SPECS)
  get_filename_component(name ${spec} NAME)
  # As bytes: a string literal may not be as long as a spec.
  file(READ ${spec} hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
  string(APPEND code "    {\"${name}\", std::string{${bytes}}},\n")
endforeach()
string(APPEND code "  };\n  return specs;\n}\n\n}  // namespace wattline::devices\n")
file(WRITE ${OUT} "${code}")
