# SPDX-License-Identifier: GPL-2.0-only
# The benchmark's programs, and `make bench`: every benchmark, or ONLY=name. Included by the
# top-level Makefile; alone it builds the programs (make -f tests/bench/bench.mk bench-tools).
BENCH_OUT := .output/bench
BENCH_BINS := $(patsubst tests/bench/%.c,$(BENCH_OUT)/%,\
	$(filter-out %.bpf.c,$(wildcard tests/bench/*.c)))
BENCH_MULTIARCH := $(shell $(CC) -print-multiarch)
BENCH_Q := $(if $(filter 1,$(V)),,@)

.PHONY: bench bench-tools figures
.DELETE_ON_ERROR:
.SECONDARY:
BENCH_SKELS := $(patsubst tests/bench/%.bpf.c,$(BENCH_OUT)/%.skel.h,$(wildcard tests/bench/*.bpf.c))

bench-tools: $(BENCH_BINS)

bench:
	$(BENCH_Q)tools/install-deps
	$(BENCH_Q)$(MAKE) --no-print-directory all bench-tools
	$(BENCH_Q)tools/bench $(ONLY)

# What the last run measured, into docs/benchmark.md and the README.
figures:
	$(BENCH_Q)tools/figures .output/bench.json

$(BENCH_OUT):
	$(BENCH_Q)mkdir -p $@

$(BENCH_OUT)/%.bpf.o: tests/bench/%.bpf.c | $(BENCH_OUT)
	$(if $(filter 1,$(V)),,@echo "  BPF     $@")
	$(BENCH_Q)clang -g -O2 -Wall -Wextra -Werror -Wno-unused-parameter -target bpf -mcpu=v3 \
		-idirafter /usr/include/$(BENCH_MULTIARCH) -MMD -MP -c $< -o $@

$(BENCH_OUT)/%.skel.h: $(BENCH_OUT)/%.bpf.o
	$(if $(filter 1,$(V)),,@echo "  SKEL    $@")
	$(BENCH_Q)bpftool gen skeleton $< name $*_bpf > $@

# Not every program has a skeleton.
$(foreach s,$(BENCH_SKELS),$(eval $(s:%.skel.h=%.o): $(s)))

$(BENCH_OUT)/%.o: tests/bench/%.c | $(BENCH_OUT)
	$(if $(filter 1,$(V)),,@echo "  CC      $@")
	$(BENCH_Q)$(CC) -std=gnu11 -g -O2 -Wall -Wextra -Werror -I$(BENCH_OUT) -MMD -MP -c $< -o $@

$(BENCH_BINS): $(BENCH_OUT)/%: $(BENCH_OUT)/%.o
	$(if $(filter 1,$(V)),,@echo "  LINK    $@")
	$(BENCH_Q)$(CC) $(LDFLAGS) $< -lbpf -o $@

-include $(wildcard $(BENCH_OUT)/*.d)
