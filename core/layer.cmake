# Settings of every target of the project: warnings, sanitizers, link-time optimisation.
add_library(wirespan_flags INTERFACE)
# In a batch of sources a name may shadow one of another source: where they stand alone (preset `clang`)
# the warning tells the rest.
target_compile_options(wirespan_flags INTERFACE -Wall -Wextra -Wconversion
                       $<$<NOT:$<BOOL:$<TARGET_PROPERTY:UNITY_BUILD>>>:-Wshadow>)
# g++ 12 takes `text + std::string` for a copy of more bytes than there is memory (its PR 105651).
target_compile_options(wirespan_flags INTERFACE
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<VERSION_LESS:$<CXX_COMPILER_VERSION>,13>>:-Wno-restrict>)
# The standard library's own checks: an index out of range, an iterator that is not one, an empty optional.
target_compile_definitions(wirespan_flags INTERFACE $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)
if(WIRESPAN_SANITIZE)
  # Between the sanitizers' own branches g++ sees values that nobody has set.
  target_compile_options(wirespan_flags INTERFACE -fsanitize=${WIRESPAN_SANITIZE}
                         -fno-sanitize-recover=all -fno-omit-frame-pointer
                         $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_link_options(wirespan_flags INTERFACE -fsanitize=${WIRESPAN_SANITIZE})
endif()

# The same for tests and for programs that only show that they work. Their own code is compiled in less
# time than the library's: -O1, and -O0 with sanitizers, which miss nothing for it. The archives carry
# link-time code in the release preset; tests link their ordinary code.
add_library(wirespan_test_flags INTERFACE)
target_link_libraries(wirespan_test_flags INTERFACE wirespan_flags)
target_link_options(wirespan_test_flags INTERFACE $<$<CXX_COMPILER_ID:GNU>:-fno-lto>)
if(WIRESPAN_SANITIZE)
  target_compile_options(wirespan_test_flags INTERFACE -O0)
else()
  target_compile_options(wirespan_test_flags INTERFACE $<$<CONFIG:Release>:-O1>)
endif()
# Linked last by GoogleTest programs: -O0 takes two thirds of the compile time of -O1, and most of their
# own code runs once.
add_library(wirespan_gtest_flags INTERFACE)
target_compile_options(wirespan_gtest_flags INTERFACE $<$<CONFIG:Release>:-O0>)
# Linked last by the tests of the layers with sockets, whose own code takes twice as long to compile with
# UBSan. The layers' code is judged all the same.
add_library(wirespan_socket_test_flags INTERFACE)
if(NOT WIRESPAN_UBSAN_SOCKET_TESTS)
  target_compile_options(wirespan_socket_test_flags INTERFACE -fno-sanitize=undefined)
endif()

# Fat objects: tests link the ordinary code of the same archives, and only that is installed.
set(wirespan_lto_flags "")
if(WIRESPAN_LTO AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(wirespan_lto_flags -flto=auto -ffat-lto-objects)
endif()

option(WIRESPAN_UNITY "Compile the sources of a test program in batches: a third of the time" OFF)
option(WIRESPAN_UNITY_LAYERS "Compile the sources of a layer in batches, too" OFF)

# wirespan_batches(TARGET COUNT): the sources are compiled in COUNT batches. The batch of a source follows
# from its name, so a new file changes one batch only.
# Helpers in the unnamed namespaces of one program or layer must have different names.
function(wirespan_batches target count)
  if(NOT WIRESPAN_UNITY)
    return()
  endif()
  get_target_property(sources ${target} SOURCES)
  foreach(source ${sources})
    get_filename_component(name ${source} NAME)
    string(MD5 digest ${name})
    string(SUBSTRING ${digest} 0 6 digest)
    math(EXPR batch "0x${digest} % ${count}")
    set_source_files_properties(${source} PROPERTIES UNITY_GROUP ${batch})
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
endfunction()

# wirespan_layer(NAME HEADERS ... SOURCES ... [LINKS ...] [PRIVATE_LINKS ...])
#
# build/include/<layer>/wirespan/<layer> is a link to the layer's folder. Each layer has an include
# root of its own and sees only the layers that it links: an upward #include does not compile.
# HEADERS are public and installed; a header that is not listed is private.
function(wirespan_layer layer)
  cmake_parse_arguments(arg "" "" "HEADERS;SOURCES;LINKS;PRIVATE_LINKS" ${ARGN})
  set(root ${PROJECT_BINARY_DIR}/include/${layer})
  file(MAKE_DIRECTORY ${root}/wirespan)
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/${layer} ${root}/wirespan/${layer} SYMBOLIC)
  list(TRANSFORM arg_HEADERS PREPEND ${root}/wirespan/${layer}/)
  list(TRANSFORM arg_SOURCES PREPEND ${PROJECT_SOURCE_DIR}/${layer}/)

  add_library(wirespan_${layer} ${arg_SOURCES})
  add_library(wirespan::${layer} ALIAS wirespan_${layer})
  target_sources(wirespan_${layer} PUBLIC FILE_SET HEADERS BASE_DIRS ${root} FILES ${arg_HEADERS})
  target_link_libraries(wirespan_${layer} PUBLIC ${arg_LINKS} PRIVATE ${arg_PRIVATE_LINKS})
  target_link_libraries(wirespan_${layer} PRIVATE $<BUILD_INTERFACE:wirespan_flags>)
  target_compile_features(wirespan_${layer} PUBLIC cxx_std_20)
  target_compile_options(wirespan_${layer} PRIVATE ${wirespan_lto_flags}
    -ffile-prefix-map=${root}/wirespan/=${PROJECT_SOURCE_DIR}/)
  set_target_properties(wirespan_${layer} PROPERTIES EXPORT_NAME ${layer}
    VERIFY_INTERFACE_HEADER_SETS ${PROJECT_IS_TOP_LEVEL} POSITION_INDEPENDENT_CODE ON)
  wirespan_export_symbols(${layer})
  wirespan_install_layer(${layer})
  if(WIRESPAN_UNITY_LAYERS)
    wirespan_batches(wirespan_${layer} 4)
  endif()
endfunction()

# wirespan_program(NAME SOURCES ... LINKS ... [MEASURED | TOOL])
#
# A program of the project. Link-time optimisation takes longer than compiling a small program: a build
# that has tests optimises only MEASURED programs that way, one without tests all of them. The code of a
# TOOL, of which most parses arguments, is optimised as little there as that of tests.
function(wirespan_program name)
  cmake_parse_arguments(arg "MEASURED;TOOL" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LINKS} wirespan_flags)
  if(arg_MEASURED OR NOT WIRESPAN_TESTS)
    target_compile_options(${name} PRIVATE ${wirespan_lto_flags})
    target_link_options(${name} PRIVATE ${wirespan_lto_flags})
  elseif(arg_TOOL)
    target_link_libraries(${name} PRIVATE wirespan_test_flags)
  else()
    target_link_options(${name} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fno-lto>)
  endif()
endfunction()
