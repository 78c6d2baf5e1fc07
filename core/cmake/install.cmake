# Everything that others find the library by once it is installed: headers, archives or shared libraries,
# find_package(), pkg-config.
include(CMakePackageConfigHelpers)
set(wirespan_layers core net tls app)
set(wirespan_config_dir ${CMAKE_INSTALL_LIBDIR}/cmake/wirespan)
set(wirespan_cmake_dir ${CMAKE_CURRENT_LIST_DIR})

# wirespan_export_symbols(LAYER): a shared library exports what its public headers declare, and no more.
#
# All of its sources are compiled with hidden visibility, and with a header in front of them that
# includes the public headers of this layer and of those below it as visible: what is declared there first
# is exported here, or imported from a lower layer.
function(wirespan_export_symbols layer)
  get_target_property(type wirespan_${layer} TYPE)
  if(NOT type STREQUAL SHARED_LIBRARY)
    return()
  endif()
  set(visible ${PROJECT_BINARY_DIR}/exports/${layer}.hpp)
  set(text "#pragma once\n#pragma GCC visibility push(default)\n")
  foreach(below ${wirespan_layers})
    get_target_property(headers wirespan_${below} HEADER_SET)
    foreach(header ${headers})
      string(REGEX REPLACE "^.*/include/${below}/" "" header ${header})
      string(APPEND text "#include <${header}>\n")
    endforeach()
    if(below STREQUAL layer)
      break()
    endif()
  endforeach()
  file(CONFIGURE OUTPUT ${visible} CONTENT "${text}#pragma GCC visibility pop\n")
  target_compile_options(wirespan_${layer} PRIVATE "SHELL:-include ${visible}")
  set_target_properties(wirespan_${layer} PROPERTIES CXX_VISIBILITY_PRESET hidden
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
  target_link_options(wirespan_${layer} PRIVATE LINKER:--no-undefined LINKER:-Bsymbolic-functions)
endfunction()

# Removes the link-time code of an archive that has both: a consumer would otherwise compile the library
# once more at each link, and only with this very compiler.
function(wirespan_install_ordinary_code layer)
  if(NOT wirespan_lto_flags OR BUILD_SHARED_LIBS)
    return()
  endif()
  cmake_path(ABSOLUTE_PATH CMAKE_INSTALL_LIBDIR BASE_DIRECTORY [[${CMAKE_INSTALL_PREFIX}]]
             OUTPUT_VARIABLE folder)
  install(CODE "execute_process(COMMAND \"${CMAKE_OBJCOPY}\" --wildcard
    --remove-section=.gnu.lto_* --remove-section=.gnu.debuglto_* --strip-symbol=__gnu_lto_v1
    \"\$ENV{DESTDIR}${folder}/$<TARGET_FILE_NAME:wirespan_${layer}>\" COMMAND_ERROR_IS_FATAL ANY)"
    COMPONENT dev)
endfunction()

function(wirespan_install_layer layer)
  if(NOT WIRESPAN_INSTALL)
    return()
  endif()
  install(TARGETS wirespan_${layer} EXPORT wirespan_${layer}
    LIBRARY COMPONENT lib NAMELINK_COMPONENT dev
    ARCHIVE COMPONENT dev
    FILE_SET HEADERS COMPONENT dev)
  wirespan_install_ordinary_code(${layer})
  install(EXPORT wirespan_${layer} NAMESPACE wirespan:: FILE wirespan_${layer}.cmake
          DESTINATION ${wirespan_config_dir} COMPONENT dev)
endfunction()

# wirespan_install_pc(NAME DESCRIPTION LIBS REQUIRES): NAME.pc, which moves with its prefix.
function(wirespan_install_pc name description libs requires)
  file(RELATIVE_PATH pc_prefix ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
  string(REGEX REPLACE "/$" "" pc_prefix ${pc_prefix})
  string(REPLACE ";" ", " pc_requires "${requires}")
  set(pc_name ${name})
  set(pc_description ${description})
  set(pc_libs ${libs})
  configure_file(${wirespan_cmake_dir}/wirespan.pc.in ${PROJECT_BINARY_DIR}/pkgconfig/${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/pkgconfig/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
          COMPONENT dev)
endfunction()

# wirespan_needs(): what archives of each layer are linked with: names for CMake in <layer>_needs, for
# pkg-config in <layer>_requires. Empty for shared libraries, which bring it along.
macro(wirespan_needs)
  foreach(layer ${wirespan_layers})
    set(wirespan_${layer}_needs "")
    set(${layer}_requires "")
  endforeach()
  if(NOT BUILD_SHARED_LIBS)
    if(WIRESPAN_DEFLATE)
      list(APPEND wirespan_core_needs ZLIB)
      list(APPEND core_requires zlib)
    endif()
    if(WIRESPAN_DEFLATE AND WIRESPAN_LIBDEFLATE)
      list(APPEND wirespan_core_needs libdeflate)
      list(APPEND core_requires libdeflate)
    endif()
    if(WIRESPAN_TLS)
      list(APPEND wirespan_tls_needs OpenSSL)
      list(APPEND tls_requires "openssl >= 3.0")
    endif()
    if(WIRESPAN_HAS_PSL)
      list(APPEND wirespan_app_needs PSL)
      list(APPEND app_requires libpsl)
    endif()
  endif()
endmacro()

function(wirespan_install_pcs)
  wirespan_needs()
  wirespan_install_pc(wirespan-core "The WebSocket protocol without I/O (RFC 6455, RFC 7692)"
    -lwirespan_core "${core_requires}")
  wirespan_install_pc(wirespan-net "WebSocket connections on sockets: event loop, channel, connector"
    "-lwirespan_net -pthread" wirespan-core)
  wirespan_install_pc(wirespan-tls "TLS for WebSocket connections" -lwirespan_tls
    "wirespan-net;${tls_requires}")
  wirespan_install_pc(wirespan-app "WebSocket client and server" -lwirespan_app
    "wirespan-tls;${app_requires}")
  wirespan_install_pc(wirespan "${PROJECT_DESCRIPTION}" "" wirespan-app)
endfunction()

function(wirespan_install_config)
  wirespan_needs()
  configure_package_config_file(${wirespan_cmake_dir}/wirespanConfig.cmake.in wirespanConfig.cmake
                                INSTALL_DESTINATION ${wirespan_config_dir})
  write_basic_package_version_file(wirespanConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  set(files ${PROJECT_BINARY_DIR}/wirespanConfig.cmake ${PROJECT_BINARY_DIR}/wirespanConfigVersion.cmake)
  if(WIRESPAN_DEFLATE AND WIRESPAN_LIBDEFLATE)
    list(APPEND files ${PROJECT_SOURCE_DIR}/core/cmake/Findlibdeflate.cmake)
  endif()
  if(WIRESPAN_HAS_PSL)
    list(APPEND files ${PROJECT_SOURCE_DIR}/app/cmake/FindPSL.cmake)
  endif()
  install(FILES ${files} DESTINATION ${wirespan_config_dir} COMPONENT dev)
endfunction()

# Behind the layers. The target wirespan::wirespan is everything; it has the same name in a build that
# has the project as a subfolder.
function(wirespan_install_packages)
  add_library(wirespan INTERFACE)
  add_library(wirespan::wirespan ALIAS wirespan)
  target_link_libraries(wirespan INTERFACE wirespan_app)
  if(WIRESPAN_INSTALL)
    install(TARGETS wirespan EXPORT wirespan_app)
    wirespan_install_config()
    wirespan_install_pcs()
  endif()
endfunction()
