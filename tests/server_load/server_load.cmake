# The server under load: programs of two processes that are bounded in time. nightly.sh runs them
# longer, and judges speed, which needs a machine that does nothing else.
set(load ${CMAKE_CURRENT_SOURCE_DIR}/server_load)
set(load_programs echo_many stress unfriendly)
if(NOT WIRESPAN_SANITIZE)
  list(APPEND load_programs idle_memory burst_memory many_apps) # a sanitizer has a heap of its own
endif()
foreach(name ${load_programs})
  add_executable(load_${name} ${load}/${name}.cpp ${load}/processes.cpp ${load}/swarm.cpp)
  target_include_directories(load_${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(load_${name} PRIVATE wirespan::app wirespan_test_flags)
  if(WIRESPAN_TLS)
    target_compile_definitions(load_${name} PRIVATE WIRESPAN_TEST_TLS)
    target_link_libraries(load_${name} PRIVATE wirespan_test_certificates)
  endif()
endforeach()

if(NOT WIRESPAN_SANITIZE)
  add_executable(load_soak ${load}/soak.cpp ${load}/soak_clients.cpp ${load}/soak_meter.cpp
                 ${load}/soak_server.cpp ${load}/soak_sick.cpp ${load}/processes.cpp
                 ${load}/swarm.cpp)
  target_include_directories(load_soak PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(load_soak PRIVATE wirespan::app wirespan_test_flags)
  if(WIRESPAN_TLS)
    target_compile_definitions(load_soak PRIVATE WIRESPAN_TEST_TLS)
    target_link_libraries(load_soak PRIVATE wirespan_test_certificates)
  endif()
endif()

function(wirespan_load_test name)
  add_test(NAME load/${name} COMMAND ${ARGN})
  # One at a time: each fills the machine.
  set_tests_properties(load/${name} PROPERTIES TIMEOUT 280 LABELS load RESOURCE_LOCK load
                       PROCESSORS 2)
endfunction()

wirespan_load_test(stress load_stress 5)
if(NOT WIRESPAN_SANITIZE)
  wirespan_load_test(echo_10000_on_1_loop load_echo_many 10000 100 1)
  wirespan_load_test(echo_10000_on_2_loops load_echo_many 10000 100 2)
  foreach(kind never_read slow_handshakes pings empty_fragments)
    wirespan_load_test(unfriendly_${kind} load_unfriendly ${kind} 1000 2)
  endforeach()
  wirespan_load_test(idle_memory load_idle_memory 10000 plain strict)
  wirespan_load_test(burst_memory load_burst_memory)
  wirespan_load_test(many_apps load_many_apps 500 5)
  wirespan_load_test(soak load_soak 20)
  if(WIRESPAN_TLS)
    wirespan_load_test(idle_memory_tls load_idle_memory 10000 tls strict)
  endif()
endif()
