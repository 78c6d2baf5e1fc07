#!/usr/bin/env bash
# core_is_pure.sh LIBRARY: checks that core refers to no socket, clock, random source or thread, and
# throws no exception of its own.
set -euo pipefail

library=$1
undefined=$(nm --undefined-only "$library" 2>/dev/null | awk '$1 == "U" {print $2}' | sort -u)
[ -n "$undefined" ] || { echo "no symbols in $library"; exit 1; }

forbidden='^(socket|connect|accept4?|bind|listen|send(to|msg)?|recv(from|msg)?|read|write|writev|poll'
forbidden+='|epoll_.*|select|getaddrinfo|open(at)?|close|time|clock.*|gettimeofday|getrandom|rand'
forbidden+='|random|arc4random.*|getentropy|pthread_.*|sleep|usleep|nanosleep|getenv|SSL_.*|EVP_.*'
forbidden+='|__cxa_throw|_ZNSt6chrono3_V2.*|_ZNSt13random_device.*|_ZNSt6thread.*|_ZNSt5mutex.*)$'
if found=$(grep -E "$forbidden" <<<"$undefined"); then
  echo "core refers to:"
  c++filt <<<"$found"
  exit 1
fi
echo "core refers to nothing forbidden ($(wc -l <<<"$undefined") symbols)"
