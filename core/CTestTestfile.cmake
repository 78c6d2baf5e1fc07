# CMake generated Testfile for 
# Source directory: /tmp/wst/core
# Build directory: /tmp/wst/core
# 
# This file includes the relevant testing commands required for 
# testing this directory and lists subdirectories to be tested as well.
