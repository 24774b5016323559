# Embeds devices/specs/*.json in the library, so that one binary is all that is needed to run.
file(GLOB specs CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/devices/specs/*.json)
set(embedded ${PROJECT_BINARY_DIR}/generated/embedded_specs.cpp)
add_custom_command(
  OUTPUT ${embedded}
  COMMAND ${CMAKE_COMMAND} "-DSPECS=${specs}" -DOUT=${embedded} -P ${PROJECT_SOURCE_DIR}/devices/write_embedded_specs.cmake
  DEPENDS ${specs} ${PROJECT_SOURCE_DIR}/devices/write_embedded_specs.cmake
  VERBATIM)
target_sources(wattline_devices PRIVATE ${embedded})
