# The conformance suite: it judges any WebSocket implementation and so uses nothing of this one. It
# needs OpenSSL whatever is tested, so there is none in a build without TLS.
find_package(ZLIB REQUIRED)
find_package(CLI11 REQUIRED)
set(conformance ${CMAKE_CURRENT_SOURCE_DIR}/conformance)

file(READ ${conformance}/report/report.html report_page)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${conformance}/report/report.html)
configure_file(${conformance}/report/page.cpp.in ${CMAKE_CURRENT_BINARY_DIR}/conformance_page.cpp
               @ONLY)

file(GLOB conformance_sources CONFIGURE_DEPENDS ${conformance}/wire/*.cpp
     ${conformance}/engine/*.cpp ${conformance}/cases/*.cpp ${conformance}/report/*.cpp)
add_library(conformance_suite STATIC ${conformance_sources}
            ${CMAKE_CURRENT_BINARY_DIR}/conformance_page.cpp)
target_include_directories(conformance_suite PUBLIC ${conformance})
target_compile_features(conformance_suite PUBLIC cxx_std_20)
target_link_libraries(conformance_suite PUBLIC OpenSSL::SSL OpenSSL::Crypto ZLIB::ZLIB
                      Threads::Threads PRIVATE wirespan_flags)

function(conformance_program name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE conformance_suite CLI11::CLI11 wirespan_flags)
endfunction()
conformance_program(conformance_client ${conformance}/programs/conformance_client.cpp)
conformance_program(conformance_server ${conformance}/programs/conformance_server.cpp
                    ${conformance}/programs/judge_server.cpp)
conformance_program(broken_endpoint ${conformance}/broken/broken_endpoint.cpp
                    ${conformance}/broken/endpoint.cpp)
