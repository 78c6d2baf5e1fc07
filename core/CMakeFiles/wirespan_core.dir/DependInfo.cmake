
# Consider dependencies only in project.
set(CMAKE_DEPENDS_IN_PROJECT_ONLY OFF)

# The set of languages for which implicit dependencies are needed:
set(CMAKE_DEPENDS_LANGUAGES
  )

# The set of dependency files which are needed:
set(CMAKE_DEPENDS_DEPENDENCY_FILES
  "/tmp/wst/core/accept_key.cpp" "core/CMakeFiles/wirespan_core.dir/accept_key.cpp.o" "gcc" "core/CMakeFiles/wirespan_core.dir/accept_key.cpp.o.d"
  "/tmp/wst/core/base64.cpp" "core/CMakeFiles/wirespan_core.dir/base64.cpp.o" "gcc" "core/CMakeFiles/wirespan_core.dir/base64.cpp.o.d"
  "/tmp/wst/core/block.cpp" "core/CMakeFiles/wirespan_core.dir/block.cpp.o" "gcc" "core/CMakeFiles/wirespan_core.dir/block.cpp.o.d"
  "/tmp/wst/core/byte_buffer.cpp" "core/CMakeFiles/wirespan_core.dir/byte_buffer.cpp.o" "gcc" "core/CMakeFiles/wirespan_core.dir/byte_buffer.cpp.o.d"
  "/tmp/wst/core/client_handshake.cpp" "core/CMakeFiles/wirespan_core.dir/client_handshake.cpp.o" "gcc" "core/CMakeFiles/wirespan_core.dir/client_handshake.cpp.o.d"
  "/tmp/wst/core/close_code.cpp" "core/CMakeFiles/wirespan_core.dir/close_code.cpp.o" "gcc" "core/CMakeFiles/wirespan_core.dir/close_code.cpp.o.d"
  "/tmp/wst/core/connection.cpp" "core/CMakeFiles/wirespan_core.dir/connection.cpp.o" "gcc" "core/CMakeFiles/wirespan_core.dir/connection.cpp.o.d"
  "/tmp/wst/core/error.cpp" "core/CMakeFiles/wirespan_core.dir/error.cpp.o" "gcc" "core/CMakeFiles/wirespan_core.dir/error.cpp.o.d"
  "/tmp/wst/core/extensions.cpp" "core/CMakeFiles/wirespan_core.dir/extensions.cpp.o" "gcc" "core/CMakeFiles/wirespan_core.dir/extensions.cpp.o.d"
  "/tmp/wst/core/frame.cpp" "core/CMakeFiles/wirespan_core.dir/frame.cpp.o" "gcc" "core/CMakeFiles/wirespan_core.dir/frame.cpp.o.d"
  "/tmp/wst/core/frame_decoder.cpp" "core/CMakeFiles/wirespan_core.dir/frame_decoder.cpp.o" "gcc" "core/CMakeFiles/wirespan_core.dir/frame_decoder.cpp.o.d"
  "/tmp/wst/core/headers.cpp" "core/CMakeFiles/wirespan_core.dir/headers.cpp.o" "gcc" "core/CMakeFiles/wirespan_core.dir/headers.cpp.o.d"
  "/tmp/wst/core/http_head.cpp" "core/CMakeFiles/wirespan_core.dir/http_head.cpp.o" "gcc" "core/CMakeFiles/wirespan_core.dir/http_head.cpp.o.d"
  "/tmp/wst/core/keep_alive.cpp" "core/CMakeFiles/wirespan_core.dir/keep_alive.cpp.o" "gcc" "core/CMakeFiles/wirespan_core.dir/keep_alive.cpp.o.d"
  "/tmp/wst/core/mask.cpp" "core/CMakeFiles/wirespan_core.dir/mask.cpp.o" "gcc" "core/CMakeFiles/wirespan_core.dir/mask.cpp.o.d"
  "/tmp/wst/core/message_assembler.cpp" "core/CMakeFiles/wirespan_core.dir/message_assembler.cpp.o" "gcc" "core/CMakeFiles/wirespan_core.dir/message_assembler.cpp.o.d"
  "/tmp/wst/core/server_handshake.cpp" "core/CMakeFiles/wirespan_core.dir/server_handshake.cpp.o" "gcc" "core/CMakeFiles/wirespan_core.dir/server_handshake.cpp.o.d"
  "/tmp/wst/core/sha1.cpp" "core/CMakeFiles/wirespan_core.dir/sha1.cpp.o" "gcc" "core/CMakeFiles/wirespan_core.dir/sha1.cpp.o.d"
  "/tmp/wst/core/url.cpp" "core/CMakeFiles/wirespan_core.dir/url.cpp.o" "gcc" "core/CMakeFiles/wirespan_core.dir/url.cpp.o.d"
  "/tmp/wst/core/utf8.cpp" "core/CMakeFiles/wirespan_core.dir/utf8.cpp.o" "gcc" "core/CMakeFiles/wirespan_core.dir/utf8.cpp.o.d"
  )

# Targets to which this target links.
set(CMAKE_TARGET_LINKED_INFO_FILES
  )

# Fortran module output directory.
set(CMAKE_Fortran_TARGET_MODULE_DIR "")
