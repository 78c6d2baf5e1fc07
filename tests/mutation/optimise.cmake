# The library is compiled with -O1, also where a debug build is not; the tests are compiled as always,
# so that ccache has them.
function(wirespan_optimise)
  foreach(layer core net tls app)
    target_compile_options(wirespan_${layer} PRIVATE -O1)
  endforeach()
endfunction()
cmake_language(DEFER CALL wirespan_optimise)
