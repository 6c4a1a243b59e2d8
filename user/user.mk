# user/user.mk - everything that runs in user mode: library, demonstrations, guest tests, images
#
# Included by the top Makefile, which gives O (build folder), CC, AR, NASM, CROSS and Q.
#
#   $(O)/libc.a                  our C library
#   $(O)/user/bin/NAME           user/NAME.c
#   $(O)/user/tests/NAME         tests/guest/NAME.c, linked with tests/guest/lib/*.c
#   $(O)/user/tests/hosted/...   tests/guest/hosted/NAME.c by unmodified tool chains: NAME-glibc, NAME-musl
#   $(O)/initramfs.cpio          the default image: busybox, all of the above, /init gives a shell
#   $(O)/tests-guest.cpio        the same, but /init runs every guest test, then powers off
#   libc-test                    the library's own test, run on the host

BUSYBOX ?= /bin/busybox
BASH_STATIC ?= /bin/bash-static
SASH        ?= /bin/sash
CROSS ?= x86_64-linux-gnu-
MUSL_CC ?= $(shell command -v $(CROSS)musl-gcc || command -v musl-gcc)
Q ?= @

# Our own code sees our own headers only; the compiler's folder adds stdarg.h, stddef.h and the like.
USER_CC_INCLUDE := $(shell $(CC) -print-file-name=include)
USER_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror -ffreestanding -nostdinc \
	-Ilibc/include -isystem $(USER_CC_INCLUDE) -Iinclude -fno-pic -fno-pie -fno-stack-protector \
	-fcf-protection=none -fno-asynchronous-unwind-tables -fno-omit-frame-pointer \
	$(if $(findstring clang,$(CC)),--target=x86_64-linux-gnu,-fno-tree-loop-distribute-patterns)

# A classic static program: four PT_LOADs, R, RX, R and RW, linked where Linux programs begin.
USER_LDFLAGS := -nostdlib -static -Wl,-z,separate-code -Wl,-z,noexecstack -Wl,-z,max-page-size=4096 \
	-Wl,-z,norelro -Wl,--build-id=none

LIBC_SRC := $(wildcard libc/*.c)
LIBC_ASM := $(filter-out libc/crt0.asm,$(wildcard libc/*.asm))
LIBC_OBJ := $(LIBC_SRC:%.c=$(O)/user/obj/%.o) $(LIBC_ASM:%.asm=$(O)/user/obj/%.asm.o)
CRT0 := $(O)/user/obj/libc/crt0.asm.o
LIBC := $(O)/libc.a

DEMO_SRC := $(wildcard user/*.c)
DEMO_BIN := $(DEMO_SRC:user/%.c=$(O)/user/bin/%)
DEMO_LIB_OBJ := $(patsubst %.c,$(O)/user/obj/%.o,$(wildcard user/lib/*.c))

GUEST_SRC := $(wildcard tests/guest/*.c)
GUEST_BIN := $(GUEST_SRC:tests/guest/%.c=$(O)/user/tests/%)
GUEST_LIB_OBJ := $(patsubst %.c,$(O)/user/obj/%.o,$(wildcard tests/guest/lib/*.c))

HOSTED_SRC := $(wildcard tests/guest/hosted/*.c)
HOSTED_BIN := $(HOSTED_SRC:tests/guest/hosted/%.c=$(O)/user/tests/hosted/%-glibc)
ifneq ($(MUSL_CC),)
HOSTED_BIN += $(HOSTED_SRC:tests/guest/hosted/%.c=$(O)/user/tests/hosted/%-musl)
endif
HOSTED_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Werror -static

USER_PROGRAMS := $(DEMO_BIN) $(GUEST_BIN) $(HOSTED_BIN)
USER_OBJ := $(LIBC_OBJ) $(CRT0) $(DEMO_LIB_OBJ) $(GUEST_LIB_OBJ) \
	$(patsubst %.c,$(O)/user/obj/%.o,$(DEMO_SRC) $(GUEST_SRC) $(wildcard libc/test/*.c))

.PHONY: user libc-test
.SECONDARY: $(USER_OBJ)
user: $(USER_PROGRAMS) $(O)/initramfs.cpio $(O)/tests-guest.cpio

# A changed flag is a changed program: everything depends on this file too.
$(O)/user/obj/%.o: %.c user/user.mk
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_CFLAGS) -MMD -MP -c -o $@ $<

$(O)/user/obj/%.asm.o: %.asm user/user.mk
	@mkdir -p $(@D)
	$(Q)$(NASM) -f elf64 -g -F dwarf -Ilibc/ -MD $@.d -MP -o $@ $<

$(LIBC): $(LIBC_OBJ)
	$(Q)rm -f $@
	$(Q)$(AR) rcsD $@ $^

$(O)/user/bin/%: $(O)/user/obj/user/%.o $(DEMO_LIB_OBJ) $(CRT0) $(LIBC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_LDFLAGS) -o $@ $(CRT0) $(filter %.o,$(filter-out $(CRT0),$^)) $(LIBC)

$(O)/user/tests/hosted/%-glibc: tests/guest/hosted/%.c user/user.mk
	@mkdir -p $(@D)
	$(Q)$(CC) $(HOSTED_CFLAGS) -MMD -MP -MF $@.d -o $@ $<

$(O)/user/tests/hosted/%-musl: tests/guest/hosted/%.c user/user.mk
	@mkdir -p $(@D)
	$(Q)$(MUSL_CC) $(HOSTED_CFLAGS) -MMD -MP -MF $@.d -o $@ $<

$(O)/user/tests/%: $(O)/user/obj/tests/guest/%.o $(GUEST_LIB_OBJ) $(CRT0) $(LIBC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_LDFLAGS) -o $@ $(CRT0) $(filter %.o,$(filter-out $(CRT0),$^)) $(LIBC)

# The images hold stripped copies; the programs with their symbols stay in $(O)/user for gdb.
$(O)/user/image/.made: $(USER_PROGRAMS)
	$(Q)rm -rf $(@D) && mkdir -p $(@D)/bin $(@D)/tests/hosted
	$(Q)for p in $(DEMO_BIN); do $(CROSS)strip -o $(@D)/bin/$$(basename $$p) $$p || exit 1; done
	$(Q)for p in $(GUEST_BIN); do $(CROSS)strip -o $(@D)/tests/$$(basename $$p) $$p || exit 1; done
	$(Q)mkdir -p $(@D)/hosted
	$(Q)for p in $(HOSTED_BIN); do $(CROSS)strip -o $(@D)/hosted/$$(basename $$p) $$p || exit 1; done
	$(Q)mv $(@D)/hosted/hello-* $(@D)/tests/hosted
	$(Q)touch $@

# A small machine must hold either image beside what it runs: other libraries' tests are in the one, other shells in the
# other.
MKINITRAMFS = tools/mkinitramfs tools/initramfs.list -o $@ -M $@.d -D O=$(O) -D BUSYBOX=$(BUSYBOX)

$(O)/initramfs.cpio: $(O)/user/image/.made tools/mkinitramfs tools/initramfs.list
	$(Q)$(MKINITRAMFS) -D INIT=user/initramfs/init \
		-D BASH=$(BASH_STATIC) -D SASH=$(SASH) -D HOSTED=none

$(O)/tests-guest.cpio: $(O)/user/image/.made tools/mkinitramfs tools/initramfs.list
	$(Q)$(MKINITRAMFS) -D INIT=user/initramfs/init-tests \
		-D BASH=none -D SASH=none -D HOSTED=$(O)/user/image/hosted

# The library's tests run on the host's kernel: some judge themselves, the programs in compare/ are built
# with the host's library as well and must print the same.
LIBC_TEST := $(patsubst libc/test/%.c,$(O)/user/libc-test/%,$(wildcard libc/test/*.c))
LIBC_COMPARE := $(patsubst libc/test/compare/%.c,$(O)/user/libc-test/compare/%,$(wildcard libc/test/compare/*.c))

$(O)/user/libc-test/%: $(O)/user/obj/libc/test/%.o $(CRT0) $(LIBC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_LDFLAGS) -o $@ $(CRT0) $< $(LIBC)

$(O)/user/libc-test/compare/%-ours: libc/test/compare/%.c user/user.mk $(CRT0) $(LIBC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_CFLAGS) -Wno-format -Wno-format-truncation $(USER_LDFLAGS) -o $@ $(CRT0) $< $(LIBC)

$(O)/user/libc-test/compare/%-host: libc/test/compare/%.c user/user.mk
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -O2 -Wall -Wextra -Werror -Wno-format -Wno-format-truncation -static -o $@ $<

libc-test: $(LIBC_TEST) $(LIBC_COMPARE:=-ours) $(LIBC_COMPARE:=-host)
	$(Q)libc/test/run.sh $(O)/user/libc-test

-include $(USER_OBJ:.o=.d) $(USER_OBJ:.o=.o.d) $(HOSTED_BIN:=.d) $(O)/initramfs.cpio.d $(O)/tests-guest.cpio.d
