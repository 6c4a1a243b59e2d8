#!/bin/sh
# install-deps.sh [run|debug|test|check|iso|all] - install the Debian packages that a target needs
#
# Asks for nothing.  When all tools are there it ends at once, without running apt.  Otherwise it says which
# package is missing and what for, and installs it as root, or through sudo.
#
# On a machine that is not x86-64 the compiler is a cross compiler, and GRUB's modules, busybox, bash and
# sash come from Debian's amd64 packages, which are data there.
set -eu

for_what=${1:-all}
machine=$(uname -m)
missing=
foreign=

have() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ]; }

# need PACKAGE REASON TEST...: the package is missing when the test fails
need() {
	package=$1 reason=$2
	shift 2
	"$@" && return
	echo "$package is missing: $reason"
	missing="$missing $package"
}

# The same for a package of programs or data for x86-64, on whatever machine this is.
need_amd64() {
	if [ "$machine" != x86_64 ]; then
		foreign=yes
		set -- "$1:amd64" "$2" "$3" "$4" ${5+"$5"}
	fi
	need "$@"
}

if [ "$machine" = x86_64 ]; then
	need gcc 'compiles the kernel and its tests' have gcc
	need binutils 'links the kernel' have ld
	need libc6-dev 'static glibc programs and host tests' test -e /usr/include/stdio.h
	need musl-tools 'static musl programs for the guest tests' have musl-gcc
else
	need gcc 'compiles host tests' have gcc
	need libc6-dev 'host tests' test -e /usr/include/stdio.h
	need gcc-x86-64-linux-gnu 'compiles the kernel' have x86_64-linux-gnu-gcc
	need libc6-dev-amd64-cross 'static glibc programs for the guest tests' test -e /usr/x86_64-linux-gnu/include/stdio.h
fi
need nasm 'assembles the kernel' have nasm
need python3 'packs the initramfs, runs the tests' have python3
need_amd64 busybox-static 'the shell in the initramfs' test -x /bin/busybox
need_amd64 bash-static 'a second shell in the initramfs' test -x /bin/bash-static
need_amd64 sash 'a third shell, with small tools built in' test -x /bin/sash
need grub-common 'builds the boot image' have grub-mkrescue
need_amd64 grub-pc-bin 'GRUB for BIOS' test -e /usr/lib/grub/i386-pc/multiboot2.mod
need_amd64 grub-efi-amd64-bin 'GRUB for UEFI' test -e /usr/lib/grub/x86_64-efi/multiboot2.mod
need xorriso 'writes the boot image' have xorriso
need mtools 'writes the EFI part of the boot image' have mformat

case $for_what in run | debug | test | all)
	need qemu-system-x86 'the machine to boot in' have qemu-system-x86_64
	need ovmf 'UEFI firmware for the emulator' test -e /usr/share/ovmf/OVMF.fd
	;;
esac
case $for_what in debug | test | all)
	if [ "$machine" = x86_64 ]; then
		need gdb 'debugs the running kernel' have gdb
	else
		need gdb-multiarch 'debugs the running kernel' have gdb-multiarch
	fi
	;;
esac
case $for_what in debug | all) need socat 'connects to the console of a kernel under gdb' have socat ;; esac
case $for_what in check | all)
	need clang-format 'checks the format of the code' have clang-format
	need clang 'second compiler and static analyser' have clang
	;;
esac

[ -n "$missing" ] || exit 0

if ! have apt-get; then
	echo "This is no Debian system: install the packages above by hand." >&2
	exit 1
fi

as_root=
if [ "$(id -u)" != 0 ]; then
	# -n: sudo fails rather than asks for a password.
	if ! have sudo || ! sudo -n true 2>/dev/null; then
		echo "To install them, root or sudo without a password is needed.  By hand:" >&2
		echo "    apt-get install --no-install-recommends$missing" >&2
		exit 1
	fi
	as_root='sudo -n'
fi

echo "Installing by apt:$missing"
env_root="env DEBIAN_FRONTEND=noninteractive"
[ -z "$foreign" ] || $as_root dpkg --add-architecture amd64
$as_root $env_root apt-get update -q
# shellcheck disable=SC2086
$as_root $env_root apt-get install -q -y --no-install-recommends $missing
