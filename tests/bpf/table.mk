# SPDX-License-Identifier: GPL-2.0-only
# The bucket table's stress test and benchmark, each with a BPF object of its own. Included by the
# top-level Makefile.

$(OUT)/tests/bpf/%.bpf.o: tests/bpf/%.bpf.c
	@mkdir -p $(@D)
	@echo '  BPF     $<'
	$(Q)$(CLANG) $(BPF_CFLAGS) -Itests/bpf -MMD -MP -MF $(@:.o=.d) -MT $@ -c $< -o $@

$(OUT)/tests/bpf/%.skel.h: $(OUT)/tests/bpf/%.bpf.o
	@echo '  SKEL    $@'
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf > $@

$(OUT)/tests/bpf/test_table.o: CPPFLAGS += -I$(OUT)/tests/bpf
$(OUT)/tests/bpf/test_table.o: | $(OUT)/tests/bpf/table_stress.skel.h

# Lookup cost beside a hash map's: .output/tests/bpf/table_bench, by hand and as root.
.PHONY: table-bench
table-bench: $(OUT)/tests/bpf/table_bench
$(OUT)/tests/bpf/table_bench.o: CPPFLAGS += -I$(OUT)/tests/bpf
$(OUT)/tests/bpf/table_bench.o: | $(OUT)/tests/bpf/table_bench.skel.h

# What the programs cost a packet, by themselves.
.PHONY: prog-cost
prog-cost: $(OUT)/tests/bpf/cost
	$(Q)$(OUT)/tests/bpf/cost
$(OUT)/tests/bpf/cost.o: CPPFLAGS += -I$(OUT)/tests/bpf
$(OUT)/tests/bpf/cost.o: | $(OUT)/tests/bpf/cost.skel.h
