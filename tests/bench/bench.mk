# tests/bench/bench.mk - the benchmark and the profiler; included by the top Makefile
#
#   make bench [ROWS='a b'] [LINUX=vmlinuz]     table for Linux and this kernel, in $(O)/bench
#   make bench-smp [LINUX=vmlinuz]              threads on several processors: instructions, and time beside Linux's
#   make profile ROW=name [LINES=function]      where the instructions of one row go
#
# ROWS selects rows by parts of their names.  LINUX is a kernel image to measure beside ours; without it, Debian's is
# fetched once into $(O)/oracle-linux, and where that fails the recorded figures stand in (LINUX=recorded asks for them).
# Always the default kernel, never DEBUG=1: checks are not what is measured.

BENCH_SRC := $(wildcard tests/bench/*.c)
VMBENCH   := $(O)/bench/vmbench
BENCH_CPIO := $(O)/bench/initramfs.cpio
INSNCOUNT := $(O)/bench/insncount.so
LINUX ?=
ROWS  ?=
ROW   ?=
LINES ?=

$(VMBENCH): $(BENCH_SRC) tests/bench/bench.h tests/bench/bench.mk
	@mkdir -p $(@D)
	$(call say,MUSL,$@)
	$(Q)$(if $(MUSL_CC),$(MUSL_CC),$(CC)) -std=gnu11 -O2 -g -Wall -Wextra -Werror -static -pthread -o $@ $(BENCH_SRC)

$(BENCH_CPIO): $(VMBENCH) tools/mkinitramfs tests/bench/initramfs.list
	$(Q)$(CROSS)strip -o $(VMBENCH).stripped $(VMBENCH)
	$(Q)tools/mkinitramfs tests/bench/initramfs.list -o $@ -D VMBENCH=$(VMBENCH).stripped

$(INSNCOUNT): tools/qemu-plugin/insncount.c
	@mkdir -p $(@D)
	$(call say,HOSTCC,$@)
	$(Q)$(HOSTCC) -std=gnu11 -O2 -Wall -Wextra -Werror -shared -fPIC -pthread -fvisibility=hidden -o $@ $<

.PHONY: bench do-bench bench-smp do-bench-smp profile do-profile
bench: deps-test
	$(Q)$(MAKE) --no-print-directory do-bench DEBUG=

do-bench: $(O)/pagewalk.elf $(BENCH_CPIO)
	$(Q)$(PYTHON) tools/bench --linux=$(call quote,$(LINUX)) $(ROWS)

bench-smp: deps-test
	$(Q)$(MAKE) --no-print-directory do-bench-smp DEBUG=

do-bench-smp: $(O)/pagewalk.elf $(BENCH_CPIO) $(INSNCOUNT)
	$(Q)$(PYTHON) tools/bench-smp --linux=$(call quote,$(LINUX))

profile: deps-test
	$(if $(ROW),,$(error which row?  make profile ROW=brk_pair, or ROW=boot))
	$(Q)$(MAKE) --no-print-directory do-profile DEBUG=

do-profile: $(O)/pagewalk.elf $(BENCH_CPIO) $(INSNCOUNT)
	$(Q)$(PYTHON) tools/profile $(call quote,$(ROW)) $(if $(LINES),--lines=$(LINES))
