# tests/host/host.mk - host tests: mm/, lib/ and the parsers, under the address and undefined-behaviour sanitizers
#
# Each tests/{unit,model,fuzz}/NAME.c is a program $(O)/host/KIND-NAME.  It is linked with the harness and takes
# what it names from the archives: the environment (tests/host), mm/ and lib/.  A file that needs other kernel
# sources says so in a comment:
#
#     HOST-SOURCES: kernel/elf.c arch/x86_64/acpi.c
#
# The include path puts tests/host/env first: there mm finds its host environment.

# No alignment check: a walk over an intrusive list ends on its head, seen as a member of a would-be object, which
# may have any alignment and is not accessed.
HOST_CFLAGS := -std=gnu11 -O1 -g -DDEBUG -fsanitize=address,undefined -fno-sanitize=alignment \
	-fno-sanitize-recover=all \
	-fno-omit-frame-pointer -fno-strict-aliasing -fno-common \
	-Itests/host/env -Itests/host -Iinclude $(filter-out -Wundef -Wshadow,$(WARNINGS))

# The TLB code is the kernel's own, over simulated processors.
HOST_ENV_OBJ := $(patsubst %.c,$(O)/host/obj/%.o,$(filter-out tests/host/harness.c,$(wildcard tests/host/*.c)) \
	arch/x86_64/tlb.c arch/x86_64/tlb_asid.c)
# MM_SRC='mm/a.c mm/b.c' takes only these, for work on one part.
MM_SRC       ?= $(wildcard mm/*.c)
HOST_MM_OBJ  := $(patsubst %.c,$(O)/host/obj/%.o,$(MM_SRC))
HOST_LIB_OBJ := $(patsubst %.c,$(O)/host/obj/%.o,$(filter-out lib/string.c,$(wildcard lib/*.c)))
HOST_HARNESS := $(O)/host/obj/tests/host/harness.o

UNIT_SRC   := $(wildcard tests/unit/*.c tests/model/*.c tests/fuzz/*.c)
UNIT_TESTS := $(foreach src,$(UNIT_SRC),$(O)/host/$(notdir $(patsubst %/,%,$(dir $(src))))-$(basename $(notdir $(src))))

$(O)/host/.flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' $(call quote,$(HOSTCC) $(HOST_CFLAGS)) >$@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@

$(O)/host/obj/%.o: %.c $(O)/host/.flags
	@mkdir -p $(@D)
	$(call say,HOSTCC,$<)
	$(Q)$(HOSTCC) $(HOST_CFLAGS) $(HOST_CFLAGS_$(subst /,_,$(basename $<))) -MMD -MP -c -o $@ $<

# Names that the C library has too get a prefix, so that both can be called, and compared.
HOST_CFLAGS_lib_vsnprintf := -Dvsnprintf=pw_vsnprintf -Dsnprintf=pw_snprintf
HOST_STRING_NAMES := memcpy memmove memset memcmp memchr strlen strnlen strcmp strncmp strcasecmp strcpy strncpy \
	strcat strchr strrchr strstr strspn strcspn
HOST_CFLAGS_lib_string := $(foreach name,$(HOST_STRING_NAMES),-D$(name)=pw_$(name)) -fno-builtin
HOST_CFLAGS_lib_sort := -Dbsearch=pw_bsearch

$(O)/host/lib.a: $(HOST_LIB_OBJ) $(O)/host/obj/lib/string.o
$(O)/host/mm.a: $(HOST_MM_OBJ)
$(O)/host/env.a: $(HOST_ENV_OBJ)
$(O)/host/%.a:
	$(Q)rm -f $@
	$(Q)ar rcs $@ $^

# host-program SOURCE PROGRAM
define host-program
$(2)_SRC := $$(shell sed -n 's/.*HOST-SOURCES: *//p' $(1))
$(2): $(O)/host/obj/$(basename $(1)).o $$($(2)_SRC:%.c=$(O)/host/obj/%.o) $(HOST_HARNESS) \
		$(O)/host/env.a $(O)/host/mm.a $(O)/host/lib.a
	$$(call say,HOSTLD,$$@)
	$(Q)$(HOSTCC) $(HOST_CFLAGS) -o $$@ $$(filter %.o,$$^) -Wl,--start-group $$(filter %.a,$$^) -Wl,--end-group
-include $(O)/host/obj/$(basename $(1)).d $$($(2)_SRC:%.c=$(O)/host/obj/%.d)
endef
$(foreach src,$(UNIT_SRC),$(eval $(call host-program,$(src),$(O)/host/$(notdir $(patsubst %/,%,$(dir $(src))))-$(basename $(notdir $(src))))))

-include $(HOST_ENV_OBJ:.o=.d) $(HOST_MM_OBJ:.o=.d) $(HOST_LIB_OBJ:.o=.d) $(HOST_HARNESS:.o=.d)

# UNIT=part of a program's name; TEST=part of a test's name; SEED=n
.PHONY: unit
unit: $(if $(UNIT),$(foreach t,$(UNIT_TESTS),$(if $(findstring $(UNIT),$(notdir $(t))),$(t))),$(UNIT_TESTS))
	$(Q)status=0; for t in $^; do $$t $(TEST) || status=1; done; exit $$status
