# Tests against other implementations: their servers and our clients, their clients and our server.
# install.sh installs them; a test whose peer is missing fails and says so.
set(peers ${CMAKE_CURRENT_SOURCE_DIR}/peers)

function(wirespan_peer_test name)
  cmake_parse_arguments(arg "" "TIMEOUT" "COMMAND" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_test(NAME peers/${name} COMMAND ${arg_COMMAND})
  set_tests_properties(peers/${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS peers)
endfunction()

# Our clients against their servers: one entry for each suite of tests and each server.
set(peer_sources ${peers}/app_test.cpp ${peers}/blocking_handshakes_test.cpp
    ${peers}/blocking_messages_test.cpp)
set(peer_servers websockets_ws npmws_ws)
if(WIRESPAN_TLS)
  list(APPEND peer_sources ${peers}/tls_test.cpp)
  set(secure_peer_servers websockets_wss npmws_wss)
endif()
add_executable(peer_tests ${peer_sources} ${peers}/child_process.cpp ${peers}/peer_server.cpp
               ${peers}/random_payload.cpp)
target_include_directories(peer_tests PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
target_compile_definitions(peer_tests PRIVATE WIRESPAN_PEERS_FOLDER="${peers}")
target_link_libraries(peer_tests PRIVATE wirespan::app GTest::gmock GTest::gtest_main
                      wirespan_test_flags)
wirespan_batches(peer_tests 2)
if(WIRESPAN_TLS)
  target_compile_definitions(peer_tests PRIVATE WIRESPAN_TEST_TLS)
  target_link_libraries(peer_tests PRIVATE wirespan_test_certificates)
endif()

set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${peer_sources})
set(suites "")
foreach(source ${peer_sources})
  file(STRINGS ${source} tests REGEX "^TEST_P\\(")
  foreach(test ${tests})
    string(REGEX REPLACE "^TEST_P\\(([A-Za-z]+),.*" "\\1" suite "${test}")
    list(APPEND suites ${suite})
  endforeach()
endforeach()
list(REMOVE_DUPLICATES suites)
foreach(suite ${suites})
  set(servers ${secure_peer_servers})
  if(NOT suite MATCHES "Tls$")
    list(APPEND servers ${peer_servers})
  endif()
  foreach(server ${servers})
    wirespan_peer_test(${suite}.${server}
      COMMAND peer_tests "--gtest_filter=*/${suite}.*/${server}")
    set_tests_properties(peers/${suite}.${server} PROPERTIES
      FAIL_REGULAR_EXPRESSION "Running 0 tests")
  endforeach()
endforeach()

# Our programs against their clients and servers.
if(WIRESPAN_TOOLS)
  set(debian_python /usr/bin/python3) # has python3-websockets and python3-websocket
  set(protocols ws)
  if(WIRESPAN_TLS)
    list(APPEND protocols wss)
  endif()
  foreach(protocol ${protocols})
    set(tls "")
    if(protocol STREQUAL "wss")
      set(tls --tls)
    endif()
    foreach(poller epoll poll)
      foreach(client python_websocket_client.py python_websockets_client.py ws_client.mjs)
        get_filename_component(client_name ${client} NAME_WE)
        wirespan_peer_test(echo_server.${client_name}.${protocol}.${poller}
          COMMAND ${debian_python} ${peers}/echo_server_test.py $<TARGET_FILE:echo_server>
                  ${client} --poller ${poller} ${tls})
      endforeach()
    endforeach()
    wirespan_peer_test(echo_server.chromium.${protocol}
      COMMAND ${debian_python} ${peers}/chromium_test.py $<TARGET_FILE:echo_server> ${tls})
    # One browser at a time.
    set_tests_properties(peers/echo_server.chromium.${protocol} PROPERTIES RESOURCE_LOCK chromium)
    wirespan_peer_test(echo_client.${protocol}
      COMMAND ${debian_python} ${peers}/echo_client_test.py $<TARGET_FILE:echo_client> ${tls})
  endforeach()
  if(WIRESPAN_DEFLATE)
    foreach(program echo_server echo_client)
      wirespan_peer_test(compression.${program}
        COMMAND ${debian_python} ${peers}/compression_test.py ${program}
                $<TARGET_FILE:${program}>)
    endforeach()
  endif()
  # Our programs behind a proxy that hurts their connections, and that proxy.
  wirespan_test(chaos_pipe_test LINKS wirespan::net
    SOURCES ${peers}/chaos_pipe_test.cpp ${PROJECT_SOURCE_DIR}/app/tools/chaos_pipe.cpp)
  target_include_directories(chaos_pipe_test PRIVATE ${PROJECT_SOURCE_DIR}/app/tools)
  set(chaos_command ${debian_python} ${peers}/chaos_proxy_test.py $<TARGET_FILE_DIR:chaos_proxy>)
  wirespan_peer_test(chaos_proxy.faults COMMAND ${chaos_command} faults)
  foreach(part client server)
    wirespan_peer_test(chaos_proxy.${part}.ws COMMAND ${chaos_command} ${part})
    if(WIRESPAN_TLS)
      wirespan_peer_test(chaos_proxy.${part}.wss COMMAND ${chaos_command} ${part} --tls)
    endif()
  endforeach()
  set(wsdump_parts websockets npmws hostile)
  if(WIRESPAN_TLS)
    list(APPEND wsdump_parts tls)
  endif()
  foreach(part ${wsdump_parts})
    wirespan_peer_test(wsdump.${part}
      COMMAND ${debian_python} ${peers}/wsdump_test.py $<TARGET_FILE:wsdump> ${part})
  endforeach()
  if(WIRESPAN_TLS)
    foreach(part load faults page)
      wirespan_peer_test(wsbench.${part}
        COMMAND ${debian_python} ${peers}/wsbench_test.py $<TARGET_FILE:wsbench> $<TARGET_FILE:echo_server>
                ${part})
    endforeach()
    set_tests_properties(peers/wsbench.page PROPERTIES RESOURCE_LOCK chromium)
    wirespan_program(proxied_server SOURCES ${peers}/proxied_server.cpp LINKS wirespan::app)
    foreach(proxy haproxy nginx)
      wirespan_peer_test(behind.${proxy}
        COMMAND ${debian_python} ${peers}/behind_proxies_test.py $<TARGET_FILE:proxied_server> ${proxy})
    endforeach()
    wirespan_program(blocking_echo SOURCES ${peers}/blocking_echo.cpp LINKS wirespan::app)
    foreach(proxy squid tinyproxy dante microsocks)
      wirespan_peer_test(proxies.${proxy}
        COMMAND ${debian_python} ${peers}/proxies_test.py $<TARGET_FILE:wsdump>
                $<TARGET_FILE:blocking_echo> $<TARGET_FILE:echo_server> ${proxy})
    endforeach()
  endif()
  wirespan_peer_test(chat_room.chromium
    COMMAND ${debian_python} ${peers}/chat_test.py $<TARGET_FILE:chat_room>)
  set_tests_properties(peers/chat_room.chromium PROPERTIES RESOURCE_LOCK chromium)
  wirespan_peer_test(autobahn_client
    COMMAND ${debian_python} ${peers}/autobahn_client_test.py $<TARGET_FILE:autobahn_client>)
endif()
