# Debian packages, by the preset `package` and `cpack`: the shared libraries, what is needed to compile with
# them, and the tools.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME wirespan)
set(CPACK_PACKAGE_VENDOR wirespan)
set(CPACK_PACKAGE_CONTACT "the wirespan authors <authors@wirespan.invalid>")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL lib dev tools)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEB_COMPONENT_INSTALL ON)

set(abi ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS
    ${PROJECT_BINARY_DIR}/core ${PROJECT_BINARY_DIR}/net ${PROJECT_BINARY_DIR}/tls ${PROJECT_BINARY_DIR}/app)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(exactly "(= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})")
set(CPACK_DEBIAN_LIB_PACKAGE_NAME libwirespan${abi})
set(CPACK_DEBIAN_LIB_PACKAGE_SECTION libs)
set(CPACK_COMPONENT_LIB_DESCRIPTION "WebSocket client and server in C++ - shared libraries
 The WebSocket protocol of RFC 6455 with the compression of RFC 7692: a core
 without I/O, connections on sockets, TLS, and an application layer with
 callbacks, a blocking client and a server.")
set(CPACK_DEBIAN_DEV_PACKAGE_NAME libwirespan-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "libwirespan${abi} ${exactly}")
set(CPACK_COMPONENT_DEV_DESCRIPTION "WebSocket client and server in C++ - headers
 What is needed to compile programs with wirespan: headers, and how CMake and
 pkg-config find it.")
set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME wirespan-tools)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION net)
set(CPACK_DEBIAN_TOOLS_PACKAGE_DEPENDS "libwirespan${abi} ${exactly}")
set(CPACK_COMPONENT_TOOLS_DESCRIPTION "WebSocket tools for the command line
 A client for terminals, pipes and scripts (wirespan-wsdump; Debian's
 python3-websocket has a wsdump of its own), load for a server and figures of
 it (wsbench), a conformance suite for servers and clients (wsconform), and a
 proxy that delays, cuts and resets TCP connections for tests (chaos_proxy).")

# Each package has a copyright file and a changelog in /usr/share/doc, as Debian's policy says.
set(changelog ${PROJECT_BINARY_DIR}/changelog.Debian)
configure_file(${CMAKE_CURRENT_LIST_DIR}/debian/changelog.in ${changelog} @ONLY)
execute_process(COMMAND gzip -9nf ${changelog} COMMAND_ERROR_IS_FATAL ANY)
foreach(component lib dev tools)
  string(TOUPPER ${component} upper)
  set(package ${CPACK_DEBIAN_${upper}_PACKAGE_NAME})
  install(FILES ${CMAKE_CURRENT_LIST_DIR}/debian/copyright ${changelog}.gz
          DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/doc/${package} COMPONENT ${component} EXCLUDE_FROM_ALL)
endforeach()

# Programs that are linked with the libraries depend on their package; the loader's cache is renewed when they
# come and go.
configure_file(${CMAKE_CURRENT_LIST_DIR}/debian/shlibs.in ${PROJECT_BINARY_DIR}/debian/shlibs @ONLY)
set(CPACK_DEBIAN_LIB_PACKAGE_CONTROL_EXTRA ${PROJECT_BINARY_DIR}/debian/shlibs
    ${CMAKE_CURRENT_LIST_DIR}/debian/triggers)
configure_file(${CMAKE_CURRENT_LIST_DIR}/debian/overrides ${PROJECT_BINARY_DIR}/debian/${CPACK_DEBIAN_LIB_PACKAGE_NAME} @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/debian/${CPACK_DEBIAN_LIB_PACKAGE_NAME}
        DESTINATION ${CMAKE_INSTALL_DATAROOTDIR}/lintian/overrides COMPONENT lib EXCLUDE_FROM_ALL)

include(CPack)
