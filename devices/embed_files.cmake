# Embeds devices/specs/*.json and devices/models/*.json in the library, so that one binary is all that is
# needed to run.
foreach(kind specs models)
  file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/devices/${kind}/*.json)
  set(embedded ${PROJECT_BINARY_DIR}/generated/embedded_${kind}.cpp)
  add_custom_command(
    OUTPUT ${embedded}
    COMMAND ${CMAKE_COMMAND} "-DFILES=${files}" -DFUNCTION=embedded_${kind} -DOUT=${embedded}
            -P ${PROJECT_SOURCE_DIR}/devices/write_embedded_files.cmake
    DEPENDS ${files} ${PROJECT_SOURCE_DIR}/devices/write_embedded_files.cmake
    VERBATIM)
  target_sources(wattline_devices PRIVATE ${embedded})
endforeach()
