# The version with the state of the checkout, as a header that is rewritten at every build when it changed.
set(version_header ${PROJECT_BINARY_DIR}/generated/wattline_version.hpp)
add_custom_target(wattline_version
  COMMAND ${CMAKE_COMMAND} -DOUT=${version_header} -DSOURCE=${PROJECT_SOURCE_DIR} -DVERSION=${PROJECT_VERSION}
          -P ${PROJECT_SOURCE_DIR}/experiments/write_version.cmake
  BYPRODUCTS ${version_header})
add_dependencies(wattline_experiments wattline_version)
target_include_directories(wattline_experiments PRIVATE ${PROJECT_BINARY_DIR}/generated)
