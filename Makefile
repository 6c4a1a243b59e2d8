# Pagewalk: build, run, debug, test.  `make help` lists targets and variables.
#
# Everything that is built lies below $(O).  The kernel has a folder of its own there ($(K)), so that the
# default and the DEBUG=1 kernel live side by side; user programs and images do not depend on DEBUG and are
# shared.  Kernel sources are found by wildcard: a new file in one of the folders of KERNEL_DIRS is linked.
#
# Targets that a newcomer types (run, debug, test, check, iso) first call tools/install-deps.sh, then make
# itself again for the work: variables of the second run may then ask the tools that the first installed.

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules --no-builtin-variables
ifeq ($(MAKELEVEL)$(filter -j% --jobserver%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif

O         ?= build
Q         ?= @
DEBUG     ?=
SMP       ?= 1
MEM       ?= 1G
CPU       ?= max
FIRMWARE  ?= bios
CMDLINE   ?= console=ttyS0
INITRAMFS ?= $(O)/initramfs.cpio
K         := $(O)$(if $(filter-out 0,$(DEBUG)),/debug)
ISO       ?= $(K)/pagewalk.iso

# An x86-64 machine uses its own tools; any other needs a cross compiler.
CROSS ?= $(if $(filter x86_64,$(shell uname -m)),,x86_64-linux-gnu-)
ifneq ($(filter default undefined,$(origin CC)),)
CC := $(CROSS)gcc
endif
ifneq ($(filter default undefined,$(origin LD)),)
LD := $(CROSS)ld
endif
ifneq ($(filter default undefined,$(origin AR)),)
AR := $(CROSS)ar
endif
NM     ?= $(CROSS)nm
NASM   ?= nasm
GDB    ?= gdb
HOSTCC ?= gcc
PYTHON ?= python3
QEMU   ?= qemu-system-x86_64
BUSYBOX     ?= /bin/busybox
BASH_STATIC ?= /bin/bash-static
SASH        ?= /bin/sash
DURATION    ?= 600

export O K CC CROSS NM NASM HOSTCC PYTHON QEMU BUSYBOX BASH_STATIC SASH DURATION

say = $(if $(Q),@printf '  %-7s %s\n' '$(1)' '$(2)')
# A word for the shell, whatever it holds.
quote = '$(subst ','\'',$(1))'

WARNINGS := -Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition \
	-Wshadow -Wundef -Wvla -Wimplicit-fallthrough -Wwrite-strings

# ---------------------------------------------------------------------------------------------------
# Kernel

KERNEL_DIRS := boot arch/x86_64 mm fs fs/proc drivers kernel lib

KERNEL_C   := $(foreach dir,$(KERNEL_DIRS),$(wildcard $(dir)/*.c))
KERNEL_ASM := $(foreach dir,$(KERNEL_DIRS),$(wildcard $(dir)/*.asm))
KERNEL_OBJ := $(KERNEL_C:%.c=$(K)/obj/%.o) $(KERNEL_ASM:%.asm=$(K)/obj/%.asm.o)

# No vector or x87 registers (they belong to user programs), no red zone (interrupts use the same stack),
# everything within the top 2 GiB.  Frame pointers make backtraces; unwind tables would only be dead weight.
KCFLAGS := -std=gnu11 -O2 -g -ffreestanding -mcmodel=kernel -mno-red-zone -mgeneral-regs-only \
	-fno-pic -fno-pie -fno-omit-frame-pointer -fno-strict-aliasing -fno-common -fwrapv \
	-fno-delete-null-pointer-checks -fstack-protector-strong -mstack-protector-guard=global \
	-fcf-protection=none -fno-asynchronous-unwind-tables -fno-unwind-tables \
	-Iinclude -Iinclude/kernel/env $(WARNINGS) $(if $(filter-out 0,$(DEBUG)),-DDEBUG)
ifneq ($(findstring clang,$(CC)),)
KCFLAGS += --target=x86_64-linux-gnu
endif
KNASMFLAGS := -f elf64 -g -F dwarf -Werror -Iinclude/ $(if $(filter-out 0,$(DEBUG)),-DDEBUG)
KLDFLAGS := -nostdlib -static -no-pie -z max-page-size=4096 -z noexecstack --fatal-warnings \
	--build-id=none --orphan-handling=error

KERNEL := $(K)/pagewalk.elf

.PHONY: all kernel
all: kernel user $(ISO)
kernel: $(KERNEL)

# Changes only when a compiler or a flag does; the objects depend on it.
$(K)/.flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(call quote,$(CC) $(KCFLAGS) $(NASM) $(KNASMFLAGS) $(LD) $(KLDFLAGS)) >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(K)/obj/%.o: %.c $(K)/.flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(KCFLAGS) -MMD -MP -c -o $@ $<

$(K)/obj/%.asm.o: %.asm $(K)/.flags
	@mkdir -p $(@D)
	$(call say,NASM,$<)
	$(Q)$(NASM) $(KNASMFLAGS) -I$(dir $<) -MD $(@:.o=.d) -MP -o $@ $<

# The kernel carries its own symbol table for backtraces.  It is linked twice: the first time with an empty
# table, to learn the addresses.  They hold in the second link, for the table lies behind all code.
$(K)/ksyms-empty.asm: tools/ksyms
	@mkdir -p $(@D)
	$(Q)$(PYTHON) tools/ksyms </dev/null >$@

$(K)/pagewalk.pass1: $(KERNEL_OBJ) $(K)/ksyms-empty.o linker.ld
	$(Q)$(LD) $(KLDFLAGS) -T linker.ld -o $@ $(filter %.o,$^)

$(K)/ksyms-full.asm: $(K)/pagewalk.pass1 tools/ksyms
	$(Q)$(NM) $< | $(PYTHON) tools/ksyms >$@

$(K)/ksyms-%.o: $(K)/ksyms-%.asm
	$(Q)$(NASM) -f elf64 -o $@ $<

$(KERNEL): $(KERNEL_OBJ) $(K)/ksyms-full.o linker.ld
	$(call say,LD,$@)
	$(Q)$(LD) $(KLDFLAGS) -T linker.ld -Map $(K)/pagewalk.map -o $@ $(filter %.o,$^)

-include $(KERNEL_C:%.c=$(K)/obj/%.d) $(KERNEL_ASM:%.asm=$(K)/obj/%.asm.d)

# ---------------------------------------------------------------------------------------------------
# User programs, the C library, initramfs; host tests

# Targets that only call make again need none of it, and may run before there is a compiler to ask.
OUTER := run debug debug-server test soak oracle oracle-record bench bench-smp profile check iso deps deps-% help clean format lab grade
ifneq ($(filter-out $(OUTER),$(or $(MAKECMDGOALS),all)),)
include user/user.mk
include tests/host/host.mk
include tests/oracle/oracle.mk
endif
include tests/bench/bench.mk
include labs/labs.mk

# ---------------------------------------------------------------------------------------------------
# Image

.PHONY: iso
iso: deps-iso
	$(Q)$(MAKE) --no-print-directory $(ISO)

# INITRAMFS= and CMDLINE= are part of the image: another value makes another image.
ISO_ARGS := $(K)/.iso-args-$(subst /,-,$(ISO))
$(ISO_ARGS): FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(call quote,$(INITRAMFS) $(CMDLINE)) >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(ISO): $(KERNEL) $(INITRAMFS) $(ISO_ARGS) tools/mkiso iso/grub.cfg.in
	$(call say,ISO,$@)
	$(Q)tools/mkiso $(KERNEL) $(call quote,$(INITRAMFS)) $(call quote,$(CMDLINE)) $@

# ---------------------------------------------------------------------------------------------------
# Running

OVMF := $(firstword $(wildcard /usr/share/ovmf/OVMF.fd /usr/share/qemu/OVMF.fd /usr/share/OVMF/OVMF_CODE.fd))

QEMU_ARGS := -accel tcg -cpu $(CPU) -m $(MEM) -smp $(SMP) -no-reboot -display none -net none \
	$(if $(filter uefi,$(FIRMWARE)),-bios $(OVMF))

.PHONY: run do-run
run: deps-run
	$(Q)$(MAKE) --no-print-directory do-run

# mon:stdio sends ^C to the guest and keeps ^A for the emulator.
do-run: $(ISO)
	@echo 'Console on this terminal: ^C goes to the guest, ^A x ends the emulator, ^A c is its monitor.'
	$(Q)$(QEMU) $(QEMU_ARGS) -serial mon:stdio -cdrom $(ISO)

.PHONY: debug do-debug
debug: deps-debug
	$(Q)$(MAKE) --no-print-directory do-debug DEBUG=1

# The machine waits for gdb before its first instruction; the console is a socket, for gdb has the terminal.
# GDB_ARGS= are further words for gdb: GDB_ARGS="-batch -ex 'break do_wp_page' -ex continue -ex backtrace"
do-debug: $(KERNEL) $(INITRAMFS)
	$(Q)rm -f $(K)/console.sock $(K)/gdb.sock
	$(Q)$(QEMU) $(QEMU_ARGS) -daemonize -pidfile $(K)/qemu.pid -S \
		-chardev socket,id=gdb,path=$(K)/gdb.sock,server=on,wait=off -gdb chardev:gdb \
		-serial unix:$(K)/console.sock,server=on,wait=off \
		-kernel $(KERNEL) -initrd $(INITRAMFS) -append $(call quote,$(CMDLINE))
	@echo 'Console, from another terminal:  socat -,rawer,escape=0x1d unix:$(K)/console.sock   (^] leaves)'
	-$(Q)$(GDB) -q -nx $(KERNEL) -ex 'target remote $(K)/gdb.sock' -x tools/gdb/debug.gdb $(GDB_ARGS)
	$(Q)[ ! -e $(K)/qemu.pid ] || kill $$(cat $(K)/qemu.pid) 2>/dev/null || true

# For a debugger with windows (.vscode/launch.json): the stub on a port, the console on this terminal.
.PHONY: debug-server do-debug-server
debug-server: deps-debug
	$(Q)$(MAKE) --no-print-directory do-debug-server DEBUG=1

do-debug-server: $(KERNEL) $(INITRAMFS)
	@echo 'waiting for a debugger on port 1234'
	$(Q)$(QEMU) $(QEMU_ARGS) -S -gdb tcp:127.0.0.1:1234 -serial mon:stdio \
		-kernel $(KERNEL) -initrd $(INITRAMFS) -append $(call quote,$(CMDLINE))

# ---------------------------------------------------------------------------------------------------
# Proof

.PHONY: test do-test soak do-soak check do-check format
test: deps-test
	$(Q)$(MAKE) --no-print-directory do-test

TEST_IMAGES := $(O)/tests-guest.cpio

TEST_PROGRAMS = $(UNIT_TESTS) $(LIBC_TEST) $(LIBC_COMPARE:=-ours) $(LIBC_COMPARE:=-host)

do-test: $(KERNEL) $(TEST_PROGRAMS) $(TEST_IMAGES) $(O)/initramfs.cpio
	$(Q)$(MAKE) --no-print-directory DEBUG=1 kernel
	$(Q)$(PYTHON) tools/run-tests $(TEST_ARGS)

# One image on Debian's Linux and on Pagewalk (docs/oracle.md).  ORACLE='mmap brk' asks only these.
.PHONY: oracle oracle-record
oracle oracle-record: deps-test
	$(Q)$(MAKE) --no-print-directory do-$@

soak: deps-test
	$(Q)$(MAKE) --no-print-directory do-soak

do-soak: $(KERNEL) $(TEST_PROGRAMS) $(TEST_IMAGES) $(O)/initramfs.cpio
	$(Q)$(MAKE) --no-print-directory DEBUG=1 kernel
	$(Q)$(PYTHON) tools/run-tests --soak $(TEST_ARGS)
	$(Q)tools/test-fresh-machine.sh

check: deps-check
	$(Q)$(MAKE) --no-print-directory do-check

# mm's objects are built first: one check reads their undefined symbols.
do-check: $(filter $(K)/obj/mm/% $(K)/obj/lib/%,$(KERNEL_OBJ))
	$(Q)tools/check-all

format:
	$(Q)tools/check-format --fix

# ---------------------------------------------------------------------------------------------------

.PHONY: deps-% deps clean help FORCE
deps: deps-all
deps-%:
	$(Q)tools/install-deps.sh $*

clean:
	rm -rf $(O)

FORCE:

help:
	@echo 'Targets'
	@echo '  all      kernel, user programs, initramfs, ISO (the default)'
	@echo '  run      build the ISO and boot it in QEMU, console on this terminal'
	@echo '  debug    boot the DEBUG=1 kernel in QEMU, stopped, with gdb attached'
	@echo '  debug-server  the same machine, waiting for any debugger on port 1234'
	@echo '  test     host tests, then boots in QEMU with guest tests; ends with "N passed, N failed"'
	@echo '  unit     host tests only (UNIT=name: one program; SEED=n replays a random run)'
	@echo '  bench    instructions per operation, on Linux and here (ROWS=, LINUX=); tables in $$(O)/bench'
	@echo '  bench-smp  the same work by threads on several CPUs: instructions, and time beside Linux (LINUX=)'
	@echo '  profile  where the instructions of ROW= go, by function (LINES=function: by line)'
	@echo '  soak     the long versions of the tests, and a build on a fresh Debian (root);'
	@echo '           DURATION=$(DURATION) s of the stress programs on 4 CPUs'
	@echo '  oracle   boot Linux and Pagewalk with the same programs, compare what they print'
	@echo '  oracle-record  record anew what Linux prints'
	@echo '  lab      make the tree that students of lab N= get, in LAB_DIR='
	@echo '  grade    grade this tree, or TREE=, for lab N= (SEED=n replays a run)'
	@echo '  check    format, include layers, symbols that mm may use, links in docs, static analysis'
	@echo '  format   apply .clang-format'
	@echo '  iso      build ISO= around any INITRAMFS= with CMDLINE='
	@echo '  deps     install missing packages (apt, as root or by sudo)'
	@echo '  clean    remove $$(O)'
	@echo 'Variables (now)'
	@echo '  O=$(O)  build folder'
	@echo '  DEBUG=$(DEBUG)  1: lock ranks, poisoning, validators; built in $$(O)/debug'
	@echo '  SMP=$(SMP) MEM=$(MEM) CPU=$(CPU) FIRMWARE=$(FIRMWARE)  the machine; FIRMWARE is bios or uefi; test and oracle take SMP'
	@echo '  CMDLINE=$(CMDLINE)  kernel command line'
	@echo '  INITRAMFS=$(INITRAMFS)  ISO=$(ISO)'
	@echo '  CC=$(CC) (clang works)  CROSS=$(CROSS)  tool prefix, as x86_64-linux-gnu-'
	@echo '  Q=  shows every command'
