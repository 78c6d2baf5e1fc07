#!/usr/bin/env bash
# nothing_unwritten_leaves.sh PROGRAM...: runs tests of sending under valgrind, which tells each byte
# that is given to the kernel and was never written: a piece of somebody's memory. Both roles, every
# kind of frame, plain and compressed.
set -euo pipefail

filter='Over/*Send.*/plain:Over/AppSend.*/plain_epoll:Over/WebSocketClose.R*/plain'
filter+=':*Compressed.*/plain_epoll:Over/ServerEcho.*/plain_epoll:ServerEndings.*'
filter+='-*64_MiB*:*threads*:*R142*:*every_context*' # long ones, which add nothing
for tests in "$@"; do
  valgrind --quiet --leak-check=no --error-exitcode=9 "$tests" --gtest_filter="$filter" \
    --gtest_brief=1
done
