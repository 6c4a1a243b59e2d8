# labs/labs.mk - coursework: student's trees and their grading (docs/labs.md)
#
# Included by the top Makefile.  A student's tree has the same file, and one lab.
#
#   make lab N=01 [LAB_DIR=folder]      the tree that students get
#   make grade [N=01] [TREE=folder]     grades this tree, or another; SEED=n replays a run

N       ?= $(firstword $(sort $(foreach lab,$(wildcard labs/[0-9][0-9]-*),$(firstword $(subst -, ,$(notdir $(lab)))))))
LAB_DIR ?= $(O)/lab-$(N)
TREE    ?= .

# What graders boot; it comes from the grader's tree, the kernel from the student's.
LAB_PROBE := $(O)/labs/probe

.PHONY: lab lab-probe grade do-grade
lab:
	$(Q)$(PYTHON) tools/lab-make $(N) -o $(LAB_DIR)

lab-probe: $(LAB_PROBE)
$(LAB_PROBE): $(O)/user/obj/labs/lib/probe.o $(CRT0) $(LIBC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_LDFLAGS) -o $@ $(filter %.o,$^) $(LIBC)

grade: deps-run
	$(Q)$(MAKE) --no-print-directory do-grade

do-grade: $(LAB_PROBE)
	$(Q)$(PYTHON) tools/lab-grade $(N) $(TREE) $(if $(SEED),--seed $(SEED)) --json $(O)/lab-$(N).json

-include $(O)/user/obj/labs/lib/probe.d
