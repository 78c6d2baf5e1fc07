# The conformance suite judges this library, and a broken endpoint judges the suite.
find_package(CLI11 REQUIRED)
find_package(Python3 REQUIRED COMPONENTS Interpreter)
set(conformance ${CMAKE_CURRENT_SOURCE_DIR}/conformance)

add_executable(broken_endpoint ${conformance}/broken/broken_endpoint.cpp
               ${conformance}/broken/endpoint.cpp)
target_link_libraries(broken_endpoint PRIVATE conformance_suite CLI11::CLI11 wirespan_test_flags)

# The cases of every ctest run: all but the long ones of groups 12 and 13, and our own cases.
set(short_cases "1.*,2.*,3.*,4.*,5.*,6.*,7.*,10.*,W*")
foreach(group 12 13)
  foreach(part 1 2 3 4 5 11)
    string(APPEND short_cases ",${group}.*.${part}")
  endforeach()
endforeach()
# Factor for all time limits, for sanitized builds and busy machines.
set(time_scale 2)
if(WIRESPAN_SANITIZE)
  set(time_scale 5)
endif()

function(conformance_test name timeout)
  add_test(NAME conformance/${name} COMMAND ${ARGN})
  # Some cases measure a peer's speed: the test takes both of two cores, so no other runs beside it.
  set_tests_properties(conformance/${name} PROPERTIES TIMEOUT ${timeout} LABELS conformance
                       PROCESSORS 2)
endfunction()

set(server_options --compression --max-message-size 67108864)
foreach(protocol ws wss)
  set(tls "")
  if(protocol STREQUAL "wss")
    set(tls --tls)
  endif()
  foreach(poller epoll poll)
    conformance_test(server.${protocol}.${poller} 300
      ${Python3_EXECUTABLE} ${conformance}/judge.py server $<TARGET_FILE:wsconform>
      $<TARGET_FILE:echo_server> ${tls} --jobs 4 --time-scale ${time_scale}
      --cases "${short_cases}" -- ${server_options} --poller ${poller})
    conformance_test(client.${protocol}.${poller} 300
      ${Python3_EXECUTABLE} ${conformance}/judge.py client $<TARGET_FILE:wsconform>
      $<TARGET_FILE:autobahn_client> ${tls} --time-scale ${time_scale}
      --cases "${short_cases}" -- --compression --poller ${poller})
    # One case at a time, and none of them measures speed: two of these run side by side.
    set_tests_properties(conformance/client.${protocol}.${poller} PROPERTIES PROCESSORS 1)
  endforeach()
endforeach()
conformance_test(server.limits 300
  ${Python3_EXECUTABLE} ${conformance}/judge.py server $<TARGET_FILE:wsconform>
  $<TARGET_FILE:echo_server> --cases "9.*" --time-scale ${time_scale} -- ${server_options})
conformance_test(client.limits 300
  ${Python3_EXECUTABLE} ${conformance}/judge.py client $<TARGET_FILE:wsconform>
  $<TARGET_FILE:autobahn_client> --cases "9.*" --time-scale ${time_scale})
# A test of the suite: it must find each flaw of broken_endpoint, in exactly the cases about it.
foreach(role server client)
  conformance_test(broken.${role} 300
    ${Python3_EXECUTABLE} ${conformance}/broken_test.py --role ${role}
    $<TARGET_FILE:wsconform> $<TARGET_FILE:broken_endpoint>)
endforeach()
# The suite as a product: what its users rely on, and its page in a browser.
foreach(part outcome page)
  conformance_test(product.${part} 120
    /usr/bin/python3 ${conformance}/product_test.py $<TARGET_FILE:wsconform> $<TARGET_FILE:echo_server>
    $<TARGET_FILE:autobahn_client> $<TARGET_FILE:broken_endpoint> ${part})
  set_tests_properties(conformance/product.${part} PROPERTIES PROCESSORS 1)
endforeach()
set_tests_properties(conformance/product.page PROPERTIES RESOURCE_LOCK chromium)
