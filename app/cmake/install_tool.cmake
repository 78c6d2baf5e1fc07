# wirespan_install_tool(TARGET NAME): installs a program under NAME, and its guide page as its manual page,
# if lowdown is there to make one.
find_program(WIRESPAN_LOWDOWN lowdown)

function(wirespan_install_tool target name)
  if(NOT WIRESPAN_INSTALL)
    return()
  endif()
  set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name})
  install(TARGETS ${target} RUNTIME COMPONENT tools)
  if(NOT WIRESPAN_LOWDOWN)
    return()
  endif()
  set(to_man ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/guide_to_man.awk)
  set(guide ${PROJECT_SOURCE_DIR}/app/guide/${target}.md)
  set(page ${PROJECT_BINARY_DIR}/man/${name}.1)
  add_custom_command(OUTPUT ${page}.gz
    COMMAND awk -v installed=${name} -f ${to_man} ${guide} > ${page}.md
    COMMAND ${WIRESPAN_LOWDOWN} -s -Tman -M title=${name} -M section=1 -o ${page} ${page}.md
    COMMAND gzip -9nf ${page}
    DEPENDS ${guide} ${to_man} VERBATIM)
  file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/man)
  add_custom_target(${target}_man ALL DEPENDS ${page}.gz)
  install(FILES ${page}.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT tools)
endfunction()
