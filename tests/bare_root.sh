#!/usr/bin/env bash
# bare_root.sh [COMMAND...]: runs the README's commands, app/demo.sh and tests/run.sh, or only the
# named ones, on a Debian with its base system alone: a root made by debootstrap, from the mirror
# that this machine's apt uses. Its mounts and processes are in namespaces that end with this
# script. It shares this machine's ccache with the steps before and behind it. Prints the time and the CPU
# time of each command. Needs root and about 4 GiB under build/.
# LIMIT: minutes for each command, 75 by default; it ends what hangs and judges no speed.
set -euo pipefail
. "$(dirname "$0")/../.ci/session.sh"
cd "$(dirname "$0")/.."

commands=("$@")
[ ${#commands[@]} -gt 0 ] || commands=(app/demo.sh tests/run.sh)
limit=${LIMIT:-75}
[ "$(id -u)" -eq 0 ] || { echo "bare_root: chroot needs root" >&2; exit 2; }

# debootstrap mounts /proc in the new root and leaves it mounted when it is interrupted. In a mount
# namespace of this script the mount ends with the script, and deleting the root cannot reach files
# of this machine.
if [ -z "${WIRESPAN_MOUNTS:-}" ]; then
  exec env WIRESPAN_MOUNTS=1 unshare --mount "$BASH" tests/bare_root.sh "$@"
fi

./.ci/need debootstrap ccache
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Identifier: Packages' "Release: $suite" | head -n 1)
[ -n "$mirror" ] || { echo "bare_root: apt has no mirror of $suite" >&2; exit 2; }

mkdir -p build/bare_root
root=$PWD/build/bare_root/$suite
rm -rf --one-file-system "$root"
echo "debootstrap: $suite, minbase"
start=$SECONDS
debootstrap --variant=minbase "$suite" "$root" "$mirror" >build/bare_root/debootstrap.log 2>&1 ||
  { tail -n 20 build/bare_root/debootstrap.log; exit 1; }
echo "debootstrap: $((SECONDS - start)) s"

mkdir -p "$root/wirespan"
git ls-files -z --cached --others --exclude-standard |
  tar --create --null --files-from=- --ignore-failed-read | tar --extract -C "$root/wirespan"

# debootstrap does not write /etc/hosts, as an installer or a container engine does.
printf '127.0.0.1 localhost\n::1 localhost\n' >"$root/etc/hosts"

# Access to npm's registry as on this machine: its address, and the network's CA certificates.
environment=(HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
if command -v npm >/dev/null; then
  environment+=("npm_config_registry=$(npm config get registry)")
fi
if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/authorities.crt"
  environment+=(NODE_EXTRA_CA_CERTS=/etc/authorities.crt)
fi

cache=$(ccache --get-config cache_dir)
mkdir -p "$cache" "$root/ccache"
environment+=(CCACHE_DIR=/ccache)

contained() { # contained COMMAND: in namespaces of its own, which end its mounts and processes
  unshare --mount --pid --fork --kill-child sh -euc '
    mount -t proc proc "$0/proc"
    mount -t sysfs -o ro sysfs "$0/sys"
    mount --rbind /dev "$0/dev"
    mount --bind "$1" "$0/ccache"
    root=$0
    shift
    exec chroot "$root" env -i "$@"' "$root" "$cache" "${environment[@]}" \
    bash -c "cd /wirespan && TIMEFORMAT='%R s, CPU %U s + %S s' && time timeout $((limit * 60)) $1"
}

verdict=0
for command in "${commands[@]}"; do
  log=build/bare_root/$(basename "$command").log
  if contained "$command" >"$log" 2>&1; then
    echo "$command: passed, $(tail -n 1 "$log")"
  else
    echo "$command: FAILED, $(tail -n 1 "$log"), see $log"
    verdict=1
  fi
done
[ -n "${KEEP:-}" ] || rm -rf --one-file-system "$root"
exit $verdict
