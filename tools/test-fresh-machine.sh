#!/bin/sh
# test-fresh-machine.sh [SUITE] - does it work on a Debian that has nothing but git and make?
#
# Builds a minimal Debian by debootstrap, twice, clones the working tree's last commit into it, and runs
# `make run` (through the shell's dialogue) and `make test` inside: once as root, once as a user with sudo.
# To be run as root; takes as long as the downloads and the tests take.  Nothing outside a temporary folder
# changes.  MIRROR= names a Debian mirror; the default is the one that this machine uses.
set -eu

suite=${1:-bookworm}
top=$(cd "$(dirname "$0")/.." && pwd)

if [ "$(id -u)" != 0 ]; then
	echo "debootstrap and chroot need root" >&2
	exit 1
fi
command -v debootstrap >/dev/null || apt-get install -q -y --no-install-recommends debootstrap

mirror=${MIRROR:-$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -n 1)}
work=$(mktemp -d "${TMPDIR:-/tmp}/pagewalk-fresh.XXXXXX")
base=$work/base

unmount() {
	for root in "$work"/*/; do
		for dir in dev/pts dev proc; do
			mountpoint -q "$root$dir" && umount "$root$dir"
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
for who in root builder; do
	root=$work/$who
	cp -a "$base" "$root"
	mount --bind /dev "$root/dev"
	mount --bind /dev/pts "$root/dev/pts"
	mount -t proc proc "$root/proc"
	if [ "$who" = builder ]; then
		chroot "$root" sh -c 'apt-get update -q && apt-get install -q -y --no-install-recommends sudo' >>"$work/$who.log" 2>&1
		chroot "$root" useradd -m builder
		echo 'builder ALL=(ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/builder"
		home=/home/builder
	else
		home=/root
	fi
	git clone -q --no-hardlinks "$top" "$root$home/pagewalk"
	chroot "$root" chown -R "$who" "$home/pagewalk"
	for target in run test; do
		echo "== make $target as $who"
		if [ $target = run ]; then
			"$top/tools/run-tests" --drive chroot "$root" su "$who" -c "cd $home/pagewalk && make run" || status=1
		else
			chroot "$root" su "$who" -c "cd $home/pagewalk && make test" || status=1
		fi
	done
done
exit $status
