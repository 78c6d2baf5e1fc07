#!/usr/bin/env bash
# ways.sh [WAY...]: gets wirespan in each way that it can be got, builds the hello client and server with
# it and lets them talk. Prints a table of the ways and their seconds; a way's output is in
# build/packaging/<way>.log. On a fresh Debian it installs the packages that are missing; a way that needs
# more than the library does installs that itself.
# BUILT: a build folder that is installed instead of one of the preset `install`.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
source=$PWD
work=$source/build/packaging
prefix=$work/prefix
shared=$work/shared
jobs=$(nproc)
ways=(install find_package components pkg_config compilers static_pie shared subdirectory fetch
  vcpkg conan deb)
[ $# -eq 0 ] || ways=("$@")

# Lets a pair of programs talk. Ends with the server, which ends with its input.
talk() { # talk FOLDER
  local port answer
  coproc server { exec "$1/hello_server"; }
  read -r -t 20 port <&"${server[0]}" || return 1
  answer=$(timeout 20 "$1/hello_client" "ws://127.0.0.1:$port/")
  exec {server[1]}>&-
  wait "$server_PID" || return 1
  [ "$answer" = "Hello, World" ] || { echo "answer: $answer"; return 1; }
}

core_says() { # core_says FOLDER
  [ "$("$1/hello_core")" = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" ]
}

configure() { # configure TREE CMAKE_OPTION...
  local tree=$1
  shift
  cmake -S tests/packaging/consumer -B "$tree" -DCMAKE_BUILD_TYPE=Debug "$@"
}

by_cmake() { # by_cmake TREE CMAKE_OPTION...
  configure "$@" && cmake --build "$1" -j "$jobs"
}

# Needs the compiler, CMake, OpenSSL and zlib, and any generator.
install() {
  if [ -n "${BUILT:-}" ]; then
    cmake --install "$BUILT" --prefix "$prefix"
    return
  fi
  cmake --preset install && cmake --build --preset install -j "$jobs" &&
    cmake --install build/install --prefix "$prefix"
}

find_package() {
  by_cmake "$work/find_package" -DWAY=find_package -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_FLAGS=-Werror &&
    talk "$work/find_package" && core_says "$work/find_package"
}

refused() { # refused REASON CMAKE_OPTION...: says why it cannot be had
  local reason=$1
  shift
  rm -rf "$work/refused"
  configure "$work/refused" "$@" >"$work/refused.log" 2>&1 && { echo "not refused: $*"; return 1; }
  tr -s '\n ' ' ' <"$work/refused.log" | grep -qF "$reason" || { cat "$work/refused.log"; return 1; }
}

# core without OpenSSL; each reason why a component cannot be had.
components() {
  local options=(-DWAY=components -DCMAKE_PREFIX_PATH="$prefix")
  local blind=("${options[@]}" -DCMAKE_DISABLE_FIND_PACKAGE_OpenSSL=ON)
  by_cmake "$work/components" "${blind[@]}" -DCOMPONENTS=core && core_says "$work/components" &&
    [ ! -e "$work/components/hello_client" ] &&
    refused "wirespan::tls needs OpenSSL 3.0, which was not found" "${blind[@]}" -DCOMPONENTS=app &&
    refused 'wirespan has no component "ap"; it has core, net, tls and app' "${options[@]}" -DCOMPONENTS=ap
}

pkg_config() {
  ./.ci/need make pkgconf || return 1
  mkdir -p "$work/make"
  PKG_CONFIG_PATH=$(dirname "$(find "$prefix" -name wirespan.pc)") \
    make -C "$work/make" -f "$source/tests/packaging/consumer/Makefile" SOURCES="$source/tests/packaging" &&
    talk "$work/make"
}

flags_of() { # flags_of PREFIX PKG_CONFIG_OPTION...
  local pc
  pc=$(dirname "$(find "$1" -name wirespan.pc 2>/dev/null)")
  shift
  PKG_CONFIG_PATH=$pc pkg-config "$@" wirespan
}

pair() { # pair FOLDER PREFIX COMPILER OPTION...: compiles both programs; a warning is an error
  local folder=$1 from=$2 compiler=$3 program
  shift 3
  mkdir -p "$folder"
  for program in hello_client hello_server; do
    # shellcheck disable=SC2046 # options and libraries are words
    "$compiler" -std=c++20 -Wall -Wextra -Werror "$@" $(flags_of "$from" --cflags) \
      "tests/packaging/$program.cpp" -o "$folder/$program" $(flags_of "$from" --libs) || return 1
  done
}

# The archives are of g++ 12's making and ordinary code: other compilers link them, with and without LTO.
compilers() {
  ./.ci/need pkgconf g++-11 g++ clang lld || return 1
  local compiler mode
  for compiler in g++-11 g++ clang++; do
    for mode in -O1 "-O2 -flto"; do
      local options=(-Wl,--fatal-warnings)
      [ "$compiler" != clang++ ] || options+=(-fuse-ld=lld)
      # shellcheck disable=SC2086 # options are words
      pair "$work/compilers" "$prefix" "$compiler" $mode "${options[@]}" &&
        talk "$work/compilers" || { echo "failed: $compiler $mode"; return 1; }
      echo "$compiler $mode: linked and ran"
    done
  done
}

# One file that needs no other. glibc says that looking up names needs its shared parts all the same, and
# no more is said. (Debian's libpsl.pc does not tell what libpsl.a needs itself.)
static_pie() {
  ./.ci/need pkgconf libpsl-dev libidn2-dev libunistring-dev || return 1
  local program said
  mkdir -p "$work/static_pie"
  for program in hello_client hello_server; do
    # shellcheck disable=SC2046 # options and libraries are words
    said=$(g++ -std=c++20 -O1 -Wall -Werror -static-pie -fPIE $(flags_of "$prefix" --cflags) \
      "tests/packaging/$program.cpp" -o "$work/static_pie/$program" \
      $(flags_of "$prefix" --static --libs) -lidn2 -lunistring 2>&1)
    said=$(grep -v "in statically linked applications requires at runtime\|in function \`" <<<"$said")
    [ -z "$said" ] || { echo "$said"; return 1; }
  done
  talk "$work/static_pie"
}

# A class that no installed header names has no symbol in a shared library.
exports_are_public() {
  local header name names=()
  while read -r name; do
    grep -rqw "$name" "$shared/include" || names+=("$name")
  done < <(for header in $(find core net tls app -name '*.hpp' ! -path 'app/tools/*' ! -path 'app/examples/*'); do
    [ -e "$shared/include/wirespan/$header" ] || grep -hoP '^(class|struct) \K\w+(?=( final)?( :.*)? \{)' "$header"
  done | sort -u)
  [ ${#names[@]} -gt 20 ] || { echo "private classes: ${names[*]}"; return 1; }
  ! nm -DC --defined-only "$shared"/lib*/*.so |
    grep -E "^[0-9a-f]+ [A-Z] ((vtable|typeinfo|typeinfo name) for )?wirespan::(net::|tls::)?($(IFS='|'; echo "${names[*]}"))(::|\$)"
}

shared() {
  ./.ci/need pkgconf binutils || return 1
  cmake --preset install -B build/install_shared -DBUILD_SHARED_LIBS=ON &&
    cmake --build build/install_shared -j "$jobs" &&
    cmake --install build/install_shared --prefix "$shared" && exports_are_public || return 1
  export LD_LIBRARY_PATH
  LD_LIBRARY_PATH=$(dirname "$(find "$shared" -name libwirespan_core.so)")
  by_cmake "$work/shared_cmake" -DWAY=find_package -DCMAKE_PREFIX_PATH="$shared" \
    -DCMAKE_DISABLE_FIND_PACKAGE_OpenSSL=ON -DCMAKE_DISABLE_FIND_PACKAGE_ZLIB=ON &&
    talk "$work/shared_cmake" &&
    pair "$work/shared_pc" "$shared" g++ -O1 -fvisibility=hidden && talk "$work/shared_pc"
  local verdict=$?
  unset LD_LIBRARY_PATH
  return $verdict
}

# As a part of another project: nothing of it is installed, nothing but the layers is built.
part() { # part WAY SOURCE
  by_cmake "$work/$1" -DWAY="$1" -DWIRESPAN_SOURCE="$2" -DWIRESPAN_UNITY=ON -DWIRESPAN_UNITY_LAYERS=ON \
    -DCMAKE_CXX_COMPILER_LAUNCHER="$(command -v ccache || true)" &&
    talk "$work/$1" && core_says "$work/$1" &&
    cmake --install "$work/$1" --prefix "$work/$1/prefix" &&
    [ "$(find "$work/$1/prefix" -type f)" = "$work/$1/prefix/share/consumer/CMakeLists.txt" ]
}

subdirectory() { part subdirectory "$source"; }

# The files of the project. A copy of it may have no repository: there all but those of builds.
sources() {
  git ls-files -z --cached --others --exclude-standard 2>/dev/null ||
    find . -path ./build -prune -o -type f -print0
}

fetch() {
  sources | tar --create --gzip --null --files-from=- --ignore-failed-read --transform 's,^\(\./\)\?,wirespan/,' \
    -f "$work/wirespan.tar.gz" || return 1
  part fetch "$work/wirespan.tar.gz"
}

version() { sed -n 's/^project(wirespan VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt; }

# The recipes are run with stand-ins for vcpkg and Conan, which Debian has not.
vcpkg() {
  cmake -DPORT="$source/.packaging/vcpkg/wirespan" -DPACKAGES="$work/vcpkg/packages" -DBUILD="$work/vcpkg/build" \
    -DEXPECTED_VERSION="$(version)" -P tests/packaging/vcpkg_stub.cmake &&
    by_cmake "$work/vcpkg/consumer" -DWAY=find_package -DCMAKE_PREFIX_PATH="$work/vcpkg/packages" &&
    talk "$work/vcpkg/consumer"
}

conan() {
  ./.ci/need python3 || return 1
  local libraries program
  libraries=$(tests/packaging/conan_recipe.py "$source" "$work/conan" "$(version)") || return 1
  for program in hello_client hello_server; do
    # shellcheck disable=SC2086 # libraries are words
    g++ -std=c++20 -Wall -Werror -I "$work/conan/package/include" "tests/packaging/$program.cpp" \
      -o "$work/conan/$program" -L "$work/conan/package/lib" $libraries || return 1
  done
  talk "$work/conan"
}

# The packages are installed, used from where dpkg has put their files, and removed again. lintian's only tag
# that does not count asks for a bug of Debian's that the package closes.
deb() {
  ./.ci/need dpkg-dev file lintian lowdown libcli11-dev libdeflate-dev pkgconf man-db || return 1
  cmake --preset package && cmake --build --preset package -j "$jobs" &&
    (cd build/package && cpack) && lintian --fail-on error,warning \
    --suppress-tags initial-upload-closes-no-bugs build/package/packages/*.deb || return 1
  dpkg -i build/package/packages/*.deb && installed_deb
  local verdict=$?
  dpkg -r wirespan-tools libwirespan-dev "libwirespan$(version | cut -d. -f1,2)"
  return $verdict
}

installed_tools() {
  local tool
  for tool in wirespan-wsdump wsbench wsconform chaos_proxy; do
    man -w "$tool" && "$tool" --help >/dev/null || return 1
  done
}

installed_deb() {
  by_cmake "$work/deb_cmake" -DWAY=find_package && talk "$work/deb_cmake" &&
    pair "$work/deb_pc" /usr g++ -O2 && talk "$work/deb_pc" &&
    installed_tools
}

./.ci/need g++ cmake make libssl-dev zlib1g-dev
rm -rf "$work"
mkdir -p "$work"
verdict=0
for way in "${ways[@]}"; do
  start=$SECONDS
  if "$way" >"$work/$way.log" 2>&1; then outcome=works; else outcome=FAILED verdict=1; fi
  printf '%-14s %4d s  %s\n' "$way" $((SECONDS - start)) "$outcome"
  [ $outcome = works ] || tail -n 15 "$work/$way.log"
done
exit $verdict
