# Finds libpsl, which knows the public suffixes of domains, and makes the target PSL::PSL. libpsl comes
# without a CMake package: this file is installed beside wirespan's, whose archive links to it.
find_path(PSL_INCLUDE_DIR libpsl.h)
find_library(PSL_LIBRARY psl)
mark_as_advanced(PSL_INCLUDE_DIR PSL_LIBRARY)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(PSL REQUIRED_VARS PSL_LIBRARY PSL_INCLUDE_DIR)
if(PSL_FOUND AND NOT TARGET PSL::PSL)
  add_library(PSL::PSL UNKNOWN IMPORTED)
  set_target_properties(PSL::PSL PROPERTIES IMPORTED_LOCATION ${PSL_LIBRARY}
                        INTERFACE_INCLUDE_DIRECTORIES ${PSL_INCLUDE_DIR})
endif()
