# tests/oracle/oracle.mk - the questions asked of both kernels, and their answers compared
#
# Included by the top Makefile after user/user.mk, whose compiler flags and C library it uses.
#
#   $(O)/oracle/NAME         tests/oracle/NAME.c, linked with tests/oracle/lib/*.c
#   $(O)/oracle/child/NAME   tests/oracle/child/NAME.c: no crt0, its _start sees what execve left
#   $(O)/oracle.cpio         the image with all of them; the very same file boots on both kernels
#   $(O)/oracle/linux        Debian's cloud kernel, fetched by apt when it is asked for

ORACLE_SRC := $(filter-out tests/oracle/init.c,$(wildcard tests/oracle/*.c))
ORACLE_BIN := $(ORACLE_SRC:tests/oracle/%.c=$(O)/oracle/%)
ORACLE_CHILD_SRC := $(wildcard tests/oracle/child/*.c)
ORACLE_CHILD_BIN := $(ORACLE_CHILD_SRC:tests/oracle/child/%.c=$(O)/oracle/child/%)
ORACLE_LIB_SRC := $(wildcard tests/oracle/lib/*.c)
ORACLE_LIB_OBJ := $(ORACLE_LIB_SRC:%.c=$(O)/user/obj/%.o)
ORACLE_OBJ := $(patsubst %.c,$(O)/user/obj/%.o,$(ORACLE_SRC) $(ORACLE_CHILD_SRC) $(ORACLE_LIB_SRC) tests/oracle/init.c)

.SECONDARY: $(ORACLE_OBJ)
$(O)/oracle/child/%: $(O)/user/obj/tests/oracle/child/%.o $(LIBC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_LDFLAGS) -o $@ $^

$(O)/oracle/%: $(O)/user/obj/tests/oracle/%.o $(ORACLE_LIB_OBJ) $(CRT0) $(LIBC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_LDFLAGS) -o $@ $(CRT0) $(filter %.o,$(filter-out $(CRT0),$^)) $(LIBC)

$(O)/oracle/image/.made: $(ORACLE_BIN) $(ORACLE_CHILD_BIN)
	$(Q)rm -rf $(@D) && mkdir -p $(@D)/child
	$(Q)for p in $(ORACLE_BIN); do $(CROSS)strip -o $(@D)/$$(basename $$p) $$p || exit 1; done
	$(Q)for p in $(ORACLE_CHILD_BIN); do $(CROSS)strip -o $(@D)/child/$$(basename $$p) $$p || exit 1; done
	$(Q)touch $@

$(O)/oracle.cpio: $(O)/oracle/image/.made $(O)/oracle/init tools/mkinitramfs tests/oracle/oracle.list
	$(Q)tools/mkinitramfs tests/oracle/oracle.list -o $@ -M $@.d -D O=$(O)

# `make test` compares with the recorded answers: tests/oracle/run needs the image.
do-test do-soak: $(O)/oracle.cpio

.PHONY: do-oracle do-oracle-record
do-oracle: $(O)/oracle.cpio $(KERNEL)
	$(Q)$(MAKE) --no-print-directory DEBUG=1 kernel
	$(Q)tools/oracle both $(ORACLE)

do-oracle-record: $(O)/oracle.cpio
	$(Q)tools/oracle record $(ORACLE)

-include $(ORACLE_OBJ:.o=.d) $(O)/oracle.cpio.d
