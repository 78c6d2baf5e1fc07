# Prints how many names the reference has.
file(STRINGS ${names} members REGEX "<(member|compound) kind=")
list(LENGTH members count)
if(count LESS 1000)
  message(FATAL_ERROR "reference: ${count} names, which cannot be all of them")
endif()
message(STATUS "reference: ${count} names, each with its comment")
