# Install script for directory: /tmp/wst/core

# Set the install prefix
if(NOT DEFINED CMAKE_INSTALL_PREFIX)
  set(CMAKE_INSTALL_PREFIX "/usr/local")
endif()
string(REGEX REPLACE "/$" "" CMAKE_INSTALL_PREFIX "${CMAKE_INSTALL_PREFIX}")

# Set the install configuration name.
if(NOT DEFINED CMAKE_INSTALL_CONFIG_NAME)
  if(BUILD_TYPE)
    string(REGEX REPLACE "^[^A-Za-z0-9_]+" ""
           CMAKE_INSTALL_CONFIG_NAME "${BUILD_TYPE}")
  else()
    set(CMAKE_INSTALL_CONFIG_NAME "")
  endif()
  message(STATUS "Install configuration: \"${CMAKE_INSTALL_CONFIG_NAME}\"")
endif()

# Set the component getting installed.
if(NOT CMAKE_INSTALL_COMPONENT)
  if(COMPONENT)
    message(STATUS "Install component: \"${COMPONENT}\"")
    set(CMAKE_INSTALL_COMPONENT "${COMPONENT}")
  else()
    set(CMAKE_INSTALL_COMPONENT)
  endif()
endif()

# Install shared libraries without execute permission?
if(NOT DEFINED CMAKE_INSTALL_SO_NO_EXE)
  set(CMAKE_INSTALL_SO_NO_EXE "1")
endif()

# Is this installation the result of a crosscompile?
if(NOT DEFINED CMAKE_CROSSCOMPILING)
  set(CMAKE_CROSSCOMPILING "FALSE")
endif()

# Set default install directory permissions.
if(NOT DEFINED CMAKE_OBJDUMP)
  set(CMAKE_OBJDUMP "/usr/bin/objdump")
endif()

if(CMAKE_INSTALL_COMPONENT STREQUAL "Unspecified" OR NOT CMAKE_INSTALL_COMPONENT)
  file(INSTALL DESTINATION "${CMAKE_INSTALL_PREFIX}/lib" TYPE STATIC_LIBRARY FILES "/tmp/wst/core/libwirespan_core.a")
endif()

if(CMAKE_INSTALL_COMPONENT STREQUAL "Unspecified" OR NOT CMAKE_INSTALL_COMPONENT)
  file(INSTALL DESTINATION "${CMAKE_INSTALL_PREFIX}/include/wirespan/core" TYPE FILE FILES
    "/tmp/wst/include/core/wirespan/core/accept_key.hpp"
    "/tmp/wst/include/core/wirespan/core/agreement.hpp"
    "/tmp/wst/include/core/wirespan/core/ascii.hpp"
    "/tmp/wst/include/core/wirespan/core/base64.hpp"
    "/tmp/wst/include/core/wirespan/core/block.hpp"
    "/tmp/wst/include/core/wirespan/core/byte_buffer.hpp"
    "/tmp/wst/include/core/wirespan/core/bytes.hpp"
    "/tmp/wst/include/core/wirespan/core/client_handshake.hpp"
    "/tmp/wst/include/core/wirespan/core/close_code.hpp"
    "/tmp/wst/include/core/wirespan/core/connection.hpp"
    "/tmp/wst/include/core/wirespan/core/error.hpp"
    "/tmp/wst/include/core/wirespan/core/event.hpp"
    "/tmp/wst/include/core/wirespan/core/expected.hpp"
    "/tmp/wst/include/core/wirespan/core/extensions.hpp"
    "/tmp/wst/include/core/wirespan/core/frame.hpp"
    "/tmp/wst/include/core/wirespan/core/frame_decoder.hpp"
    "/tmp/wst/include/core/wirespan/core/headers.hpp"
    "/tmp/wst/include/core/wirespan/core/http_head.hpp"
    "/tmp/wst/include/core/wirespan/core/keep_alive.hpp"
    "/tmp/wst/include/core/wirespan/core/limits.hpp"
    "/tmp/wst/include/core/wirespan/core/mask.hpp"
    "/tmp/wst/include/core/wirespan/core/message.hpp"
    "/tmp/wst/include/core/wirespan/core/message_assembler.hpp"
    "/tmp/wst/include/core/wirespan/core/opcode.hpp"
    "/tmp/wst/include/core/wirespan/core/overloaded.hpp"
    "/tmp/wst/include/core/wirespan/core/server_handshake.hpp"
    "/tmp/wst/include/core/wirespan/core/sha1.hpp"
    "/tmp/wst/include/core/wirespan/core/url.hpp"
    "/tmp/wst/include/core/wirespan/core/utf8.hpp"
    )
endif()

