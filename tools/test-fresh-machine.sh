#!/bin/sh
# test-fresh-machine.sh [SUITE] - does it work on a Debian that has nothing but git and make?
#
# Builds a minimal Debian by debootstrap, twice, clones the working tree's last commit into it, and runs
# `make run` (through the shell's dialogue) and `make test` inside: once as root, once as a user with sudo,
# whose tests are the parts named by USER_TESTS (default: one of each kind; empty: all).
#
# To be run as root.  Nothing outside a temporary folder changes, which is gone in the end, mounts and all.
# MIRROR= names a Debian mirror; the default is the one that this machine uses.
set -eu

suite=${1:-bookworm}
top=$(cd "$(dirname "$0")/.." && pwd)
user_tests=${USER_TESTS-unit-lib libc guest-some shell-bios-1G message}

if [ "$(id -u)" != 0 ]; then
	echo "debootstrap and chroot need root" >&2
	exit 1
fi
command -v debootstrap >/dev/null || apt-get install -q -y --no-install-recommends debootstrap

mirror=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)}
cd "$top"
work=$(mktemp -d "${TMPDIR:-/tmp}/pagewalk-fresh.XXXXXX")
base=$work/base

unmount() {
	for root in "$work"/*/; do
		for dir in dev/pts dev proc; do
			mountpoint -q "$root$dir" && { umount "$root$dir" || umount -l "$root$dir"; }
		done
	done
	return 0
}
trap 'unmount; rm -rf --one-file-system "$work"' EXIT
trap 'exit 1' INT TERM HUP

echo "== minimal $suite from $mirror"
debootstrap --variant=minbase --include=git,make,ca-certificates "$suite" "$base" "$mirror" >"$work/debootstrap.log" 2>&1 || {
	tail -n 20 "$work/debootstrap.log" >&2
	exit 1
}
# apt inside reaches the archive in the same way as apt here.
cp /etc/resolv.conf "$base/etc/resolv.conf" 2>/dev/null || true
apt-config dump | grep -E '^Acquire::https?::Proxy' >"$base/etc/apt/apt.conf.d/proxy" || true

status=0

# timed WHAT COMMAND...: says what, how it went and how long it took
timed() {
	what=$1 began=$(date +%s) how=ok
	shift
	"$@" || { how=FAIL status=1; }
	echo "== $how: $what, $(($(date +%s) - began)) s"
}

for who in root builder; do
	root=$work/$who
	cp -a "$base" "$root"
	mount --bind /dev "$root/dev"
	mount --bind /dev/pts "$root/dev/pts"
	mount -t proc proc "$root/proc"
	home=/root tests=
	if [ "$who" = builder ]; then
		home=/home/builder tests=$user_tests
		chroot "$root" sh -c 'apt-get update -q && apt-get install -q -y --no-install-recommends sudo' >"$work/sudo.log" 2>&1 || {
			tail -n 20 "$work/sudo.log" >&2
			exit 1
		}
		chroot "$root" useradd -m builder
		echo 'builder ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/builder"
	fi
	git clone -q --no-hardlinks "$top" "$root$home/pagewalk"
	chroot "$root" chown -R "$who" "$home/pagewalk"
	inside() { chroot "$root" su - "$who" -c "cd pagewalk && $1"; }
	timed "make run as $who, from nothing" tools/run-tests --drive chroot "$root" su - "$who" -c 'cd pagewalk && make run'
	timed "make run as $who, warm" tools/run-tests --prompt chroot "$root" su - "$who" -c 'cd pagewalk && make run'
	timed "make test as $who" inside "make test TEST_ARGS='$tests'"
done
exit $status
