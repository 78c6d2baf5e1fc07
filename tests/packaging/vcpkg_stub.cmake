# Runs the vcpkg port with the few functions of vcpkg that it calls, made of CMake's own: nothing is
# fetched, and the dependencies are the system's. cmake -DPORT= -DPACKAGES= -DBUILD= -P vcpkg_stub.cmake
cmake_minimum_required(VERSION 3.24)
set(FEATURES deflate tls)
set(CURRENT_PACKAGES_DIR ${PACKAGES})

function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

function(vcpkg_check_features)
  cmake_parse_arguments(arg "" "OUT_FEATURE_OPTIONS" "FEATURES" ${ARGN})
  while(arg_FEATURES)
    list(POP_FRONT arg_FEATURES feature option)
    if(feature IN_LIST FEATURES)
      list(APPEND options -D${option}=ON)
    else()
      list(APPEND options -D${option}=OFF)
    endif()
  endwhile()
  set(${arg_OUT_FEATURE_OPTIONS} ${options} PARENT_SCOPE)
endfunction()

function(vcpkg_cmake_configure)
  cmake_parse_arguments(arg "" "SOURCE_PATH" "OPTIONS" ${ARGN})
  run(cmake -S ${arg_SOURCE_PATH} -B ${BUILD} -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=${PACKAGES}
      -DCMAKE_INSTALL_LIBDIR=lib -DBUILD_SHARED_LIBS=OFF -DWIRESPAN_UNITY=ON -DWIRESPAN_UNITY_LAYERS=ON
      ${arg_OPTIONS})
endfunction()

function(vcpkg_cmake_install)
  run(cmake --build ${BUILD} -j)
  run(cmake --install ${BUILD})
endfunction()

# vcpkg moves a package's CMake files to share/<port>.
function(vcpkg_cmake_config_fixup)
  cmake_parse_arguments(arg "" "CONFIG_PATH" "" ${ARGN})
  if(NOT EXISTS ${PACKAGES}/${arg_CONFIG_PATH}/wirespanConfig.cmake)
    message(FATAL_ERROR "the port looks for CMake's files in ${arg_CONFIG_PATH}, where they are not")
  endif()
endfunction()

function(vcpkg_fixup_pkgconfig)
endfunction()

function(vcpkg_install_copyright)
  cmake_parse_arguments(arg "" "" "FILE_LIST" ${ARGN})
  file(COPY_FILE ${arg_FILE_LIST} ${PACKAGES}/copyright)
endfunction()

file(READ ${PORT}/vcpkg.json manifest)
string(JSON version GET ${manifest} version)
if(NOT version STREQUAL EXPECTED_VERSION)
  message(FATAL_ERROR "vcpkg.json says version ${version}, CMakeLists.txt ${EXPECTED_VERSION}")
endif()
# The port names files relative to itself.
set(CMAKE_CURRENT_LIST_DIR ${PORT})
include(${PORT}/portfile.cmake)
