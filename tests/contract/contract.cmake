# The project's contract, checked on its libraries, its installation and its README.
set(contract ${CMAKE_CURRENT_SOURCE_DIR}/contract)

function(wirespan_contract name)
  cmake_parse_arguments(arg "" "TIMEOUT" "COMMAND" ${ARGN})
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  add_test(NAME contract/${name} COMMAND ${arg_COMMAND})
  set_tests_properties(contract/${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS contract)
endfunction()

wirespan_contract(layers_point_down
  COMMAND ${contract}/layers_point_down.sh ${CMAKE_CXX_COMPILER} ${PROJECT_SOURCE_DIR}
          ${PROJECT_BINARY_DIR})

wirespan_contract(no_include_circles
  COMMAND ${contract}/no_include_circles.sh ${PROJECT_SOURCE_DIR})
wirespan_contract(drivers_are_glue
  COMMAND ${contract}/drivers_are_glue.sh ${PROJECT_SOURCE_DIR})
wirespan_contract(examples_are_run
  COMMAND ${contract}/examples_are_run.sh ${PROJECT_SOURCE_DIR})
wirespan_contract(architecture_names
  COMMAND ${contract}/architecture_names.py ${PROJECT_SOURCE_DIR})

wirespan_contract(links COMMAND ${contract}/links.py ${PROJECT_SOURCE_DIR})
wirespan_contract(troubleshooting
  COMMAND ${contract}/troubleshooting.py ${PROJECT_SOURCE_DIR})

wirespan_contract(call_rows COMMAND ${contract}/calls/rows.py calls ${PROJECT_SOURCE_DIR})
wirespan_contract(loss_rows COMMAND ${contract}/calls/rows.py losses ${PROJECT_SOURCE_DIR})
wirespan_contract(option_rows
  COMMAND ${contract}/option_rows.py ${PROJECT_SOURCE_DIR})

# Checks the symbols of optimised code without sanitizers.
if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT WIRESPAN_SANITIZE)
  wirespan_contract(core_is_pure COMMAND ${contract}/core_is_pure.sh $<TARGET_FILE:wirespan_core>)
endif()

if(NOT WIRESPAN_SANITIZE)
  wirespan_contract(installed_consumer TIMEOUT 300
    COMMAND ${contract}/installed_consumer.sh ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}
            ${CMAKE_CURRENT_BINARY_DIR}/consumer ${CMAKE_CXX_COMPILER} "${CMAKE_CXX_FLAGS}")
endif()

if(NOT WIRESPAN_SANITIZE)
  set(public_headers "")
  set(include_options "")
  foreach(layer core net tls app)
    get_target_property(headers wirespan_${layer} HEADER_SET)
    list(APPEND public_headers ${headers})
    string(APPEND include_options " -I${PROJECT_BINARY_DIR}/include/${layer}")
  endforeach()
  list(TRANSFORM public_headers REPLACE "^.*/include/[a-z]+/" "")
  wirespan_contract(older_standard
    COMMAND ${contract}/older_standard.sh ${CMAKE_CXX_COMPILER} "${include_options}" ${public_headers})
endif()

find_program(VALGRIND valgrind)
if(VALGRIND AND CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT WIRESPAN_SANITIZE)
  wirespan_contract(nothing_unwritten_leaves TIMEOUT 300
    COMMAND ${contract}/nothing_unwritten_leaves.sh $<TARGET_FILE:app_tests>
            $<TARGET_FILE:server_tests>)
endif()

# Runs the README's C++ blocks and the examples.
if(WIRESPAN_TOOLS)
  find_package(Python3 REQUIRED COMPONENTS Interpreter)
  set(snippet_port 21613)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/README.md
                                                                 ${contract}/guide.py)
  execute_process(
    COMMAND ${Python3_EXECUTABLE} ${contract}/guide.py extract ${PROJECT_SOURCE_DIR}/README.md
            ${CMAKE_CURRENT_BINARY_DIR}/snippets ${snippet_port}
    OUTPUT_VARIABLE snippets COMMAND_ERROR_IS_FATAL ANY)
  foreach(snippet ${snippets})
    get_filename_component(name ${snippet} NAME_WE)
    add_executable(${name} ${snippet})
    set_target_properties(${name} PROPERTIES
      RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/snippets)
    target_link_libraries(${name} PRIVATE wirespan::app wirespan_test_flags)
  endforeach()
  wirespan_contract(programs_do_what_they_say
    COMMAND ${contract}/run_programs.sh $<TARGET_FILE_DIR:echo_server>
            ${CMAKE_CURRENT_BINARY_DIR}/snippets ${snippet_port})
endif()

# The guide: each page's programs print what it says, each server answers its commands.
if(WIRESPAN_TOOLS AND WIRESPAN_TLS AND WIRESPAN_DEFLATE AND NOT WIRESPAN_SANITIZE)
  set(guide ${PROJECT_SOURCE_DIR}/app/guide)
  set(guide_programs ${CMAKE_CURRENT_BINARY_DIR}/guide)
  set(guide_port 21620)
  file(GLOB pages CONFIGURE_DEPENDS ${guide}/*.md)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${pages})
  execute_process(
    COMMAND ${Python3_EXECUTABLE} ${contract}/guide.py fragments ${guide} ${guide_programs}
    OUTPUT_VARIABLE fragments COMMAND_ERROR_IS_FATAL ANY)
  add_library(guide_fragments OBJECT ${fragments})
  target_link_libraries(guide_fragments PRIVATE wirespan::app wirespan_test_flags)
  foreach(page ${pages})
    get_filename_component(page_name ${page} NAME_WE)
    math(EXPR guide_port "${guide_port} + 1")
    execute_process(
      COMMAND ${Python3_EXECUTABLE} ${contract}/guide.py extract ${page} ${guide_programs} ${guide_port}
      OUTPUT_VARIABLE programs COMMAND_ERROR_IS_FATAL ANY)
    foreach(program ${programs})
      get_filename_component(name ${program} NAME_WE)
      add_executable(guide_${name} ${program})
      set_target_properties(guide_${name} PROPERTIES
        OUTPUT_NAME ${name} RUNTIME_OUTPUT_DIRECTORY ${guide_programs})
      target_link_libraries(guide_${name} PRIVATE wirespan::app wirespan_test_flags)
    endforeach()
    set(${page_name}_port ${guide_port})
    if(programs)
      wirespan_contract(guide_${page_name}
        COMMAND ${Python3_EXECUTABLE} ${contract}/guide.py run ${page} ${guide_programs}
                $<TARGET_FILE_DIR:echo_server> ${guide_port})
    endif()
  endforeach()
  # The proxies of a page, as it configures them, in front of its server.
  foreach(proxy nginx haproxy)
    wirespan_contract(front_${proxy}
      COMMAND /usr/bin/python3 ${contract}/front_test.py ${guide}/behind_a_proxy.md ${proxy}
              $<TARGET_FILE:guide_behind_a_proxy_1> ${behind_a_proxy_port} $<TARGET_FILE:wsdump>)
    set_tests_properties(contract/front_${proxy} PROPERTIES LABELS peers)
  endforeach()
  set_tests_properties(contract/guide_behind_a_proxy contract/front_nginx contract/front_haproxy PROPERTIES
                       RESOURCE_LOCK behind_a_proxy)
endif()

# Counts calls and not time, so no machine is too slow. The counter does not work with sanitizers.
if(NOT WIRESPAN_SANITIZE)
  wirespan_test(contract_tests
    SOURCES ${contract}/performance_contract_test.cpp ${contract}/heap_counter.cpp
    LINKS wirespan::app wirespan_test_support SHARDS 4)
  if(WIRESPAN_TLS)
    target_link_libraries(contract_tests PRIVATE wirespan_test_certificates OpenSSL::SSL)
    target_compile_definitions(contract_tests PRIVATE WIRESPAN_TEST_TLS)
  endif()
endif()

# No message is lost, reordered or changed by the echo server.
if(WIRESPAN_TOOLS)
  add_executable(million_messages ${contract}/million_messages.cpp)
  target_link_libraries(million_messages PRIVATE wirespan::app wirespan_test_flags)
  set(million_command ${contract}/million_messages.sh $<TARGET_FILE:million_messages>
      $<TARGET_FILE:echo_server> 1000000)
  wirespan_contract(million_messages_ws TIMEOUT 300 COMMAND ${million_command})
  if(WIRESPAN_TLS)
    wirespan_contract(million_messages_wss TIMEOUT 300 COMMAND ${million_command} tls)
  endif()
  wirespan_contract(scripts_leave_no_child
    COMMAND ${contract}/leaves_no_child.sh $<TARGET_FILE_DIR:echo_server>
            ${CMAKE_CURRENT_BINARY_DIR}/snippets $<TARGET_FILE:million_messages>)
endif()

# For dead_network.sh, which takes a minute and needs root: tests/nightly.sh runs it.
add_executable(dead_network EXCLUDE_FROM_ALL ${contract}/dead_network.cpp)
target_link_libraries(dead_network PRIVATE wirespan::app wirespan_test_flags)

# The tables of calls, of losses and of the states of objects, on a simulated network.
file(GLOB call_sources CONFIGURE_DEPENDS ${contract}/calls/*.cpp)
wirespan_test(contract_call_tests BATCHES 2 SOURCES ${call_sources}
              LINKS wirespan::app wirespan_test_support SHARDS 4)
if(WIRESPAN_TLS)
  target_link_libraries(contract_call_tests PRIVATE wirespan_test_certificates OpenSSL::SSL)
  target_compile_definitions(contract_call_tests PRIVATE WIRESPAN_TEST_TLS)
endif()
if(WIRESPAN_DEFLATE)
  target_compile_definitions(contract_call_tests PRIVATE WIRESPAN_TEST_DEFLATE)
endif()
