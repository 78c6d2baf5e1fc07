# The reference: a page for each public name, made of the comments in the headers. Fails if one has none.
#
#   cmake --build BUILD --target reference        writes BUILD/reference/html/index.html
#
# Needs doxygen; without it there is no such target.
find_program(WIRESPAN_DOXYGEN doxygen)
find_package(Python3 COMPONENTS Interpreter)
if(NOT WIRESPAN_DOXYGEN OR NOT Python3_FOUND)
  return()
endif()

set(reference_source ${CMAKE_CURRENT_LIST_DIR})
set(reference_folder ${PROJECT_BINARY_DIR}/reference)
set(reference_headers "")
foreach(layer core net tls app)
  get_target_property(headers wirespan_${layer} HEADER_SET)
  list(APPEND reference_headers ${headers})
endforeach()

configure_file(${reference_source}/Doxyfile.in ${reference_folder}/Doxyfile @ONLY)
add_custom_target(reference
  COMMAND ${Python3_EXECUTABLE} ${reference_source}/paragraphs.py ${reference_folder}/headers ${reference_headers}
  COMMAND ${WIRESPAN_DOXYGEN} ${reference_folder}/Doxyfile
  COMMAND ${CMAKE_COMMAND} -D names=${reference_folder}/names.xml -P ${reference_source}/count.cmake
  COMMENT "The reference of ${PROJECT_NAME}"
  VERBATIM)
