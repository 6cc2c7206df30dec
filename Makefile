# SPDX-License-Identifier: GPL-2.0-only
# xvtep: build, install, test. `make help` lists the targets. Quiet by default; V=1 shows commands.
PREFIX ?= /usr/local
DESTDIR ?=
V ?= 0
Q := $(if $(filter 1,$(V)),,@)

# SANITIZE=1: everything again, beside the plain build, for AddressSanitizer and UBSan.
OUT := .output$(if $(SANITIZE),/sanitize)
comma := ,
# All processors, unless make was told how many jobs it may run.
PARALLEL = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))
# One word for the shell, whatever is in it.
quote = '$(subst ','\'',$(1))'
CC := gcc
CLANG ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
PKGS := libbpf libmnl libevent yaml-0.1 jansson smartcols libcap-ng
ARCH := $(shell uname -m | sed 's/x86_64/x86/; s/aarch64/arm64/; s/ppc64le/powerpc/; s/riscv64/riscv/')
VERSION := $(shell cat VERSION)

CPPFLAGS += -D_GNU_SOURCE -DXV_VERSION='"$(VERSION)"' -Iheaders -Iuser/lib -Iuser/daemon -Iuser/client \
	-I$(OUT) $(shell pkg-config --cflags $(PKGS))
CFLAGS ?= -O2 -g
CFLAGS += -std=gnu11 -Wall -Wextra -Werror
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
CFLAGS += $(if $(SANITIZE),$(SANITIZERS))
LDLIBS += $(shell pkg-config --libs $(PKGS))
BPF_CFLAGS := -O2 -g -target bpf -mcpu=v3 -fno-strict-aliasing -D__TARGET_ARCH_$(ARCH) -I/usr/include/$(shell uname -m)-linux-gnu \
	-Wall -Wextra -Werror -Iheaders -Ibpf

LIB_OBJS := $(patsubst %.c,$(OUT)/%.o,$(wildcard user/lib/*.c))
DAEMON_OBJS := $(patsubst %.c,$(OUT)/%.o,$(wildcard user/daemon/*.c user/daemon/*/*.c))
CLIENT_OBJS := $(patsubst %.c,$(OUT)/%.o,$(wildcard user/client/*.c))
DAEMON_MAIN := $(OUT)/user/daemon/xvtepd.o
TEST_OBJS := $(LIB_OBJS) $(filter-out $(DAEMON_MAIN),$(DAEMON_OBJS))
TESTS := $(patsubst %.c,$(OUT)/%,$(wildcard tests/unit/test_*.c tests/bpf/test_*.c tests/net/*_test.c))
BPF_TEST_OBJS := $(patsubst %.c,$(OUT)/%.o,$(wildcard tests/bpf/harness*.c)) \
	$(OUT)/user/daemon/kernel/kernel.o
TABLE_OBJS := $(patsubst %.c,$(OUT)/%.o,$(wildcard user/daemon/maps/table*.c)) $(OUT)/user/lib/err.o
MAN_PAGES := $(patsubst user/man/%,$(OUT)/man/%,$(wildcard user/man/*.[58]))
FUZZERS := $(patsubst %.c,$(OUT)/%,$(wildcard tests/fuzz/fuzz_*.c))

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all help clean install uninstall tests lint format check demo bench check-kernels

all: $(OUT)/xvtepd $(OUT)/xvtep $(MAN_PAGES)

help:
	@echo 'make                  build .output/xvtepd and .output/xvtep, and the pages in .output/man'
	@echo 'make install          into $$DESTDIR$$PREFIX (default /usr/local)'
	@echo 'make uninstall        take away what install put there'
	@echo 'sudo make demo        install what is missing, build, show three hosts talking (KEEP=1: stay up)'
	@echo 'sudo make check       all tests, and the lint (SANITIZE=1: the network tests, with sanitizers)'
	@echo 'sudo make check-kernels   the tests in Debian kernels under QEMU'
	@echo 'sudo make bench       side by side with the kernel vxlan (ONLY=name: one row)'
	@echo 'make figures          the figures of the last bench into docs/benchmark.md and the README'
	@echo 'make tests            build the tests that are programs'
	@echo 'make table-bench      build the lookup benchmark: .output/tests/bpf/table_bench'
	@echo 'make lint             format, warnings, file and function size'
	@echo 'make format           clang-format over all C'
	@echo 'make clean            remove .output'
	@echo 'V=1                   show commands'

$(OUT)/xvtepd: $(DAEMON_OBJS) $(LIB_OBJS)
	@echo '  LINK    $@'
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

$(OUT)/xvtep: $(CLIENT_OBJS) $(LIB_OBJS)
	@echo '  LINK    $@'
	$(Q)$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# Skeleton first: the headers that a source includes are known only after its first build.
$(OUT)/%.o: %.c | $(OUT)/xvtep.skel.h
	@mkdir -p $(@D)
	@echo '  CC      $<'
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c $< -o $@

$(OUT)/xvtep.bpf.o: bpf/xvtep.bpf.c
	@mkdir -p $(@D)
	@echo '  BPF     $<'
	$(Q)$(CLANG) $(BPF_CFLAGS) -MMD -MP -MF $(@:.o=.d) -MT $@ -c $< -o $@

$(OUT)/xvtep.skel.h: $(OUT)/xvtep.bpf.o
	@echo '  SKEL    $@'
	$(Q)$(BPFTOOL) gen skeleton $< name xvtep_bpf > $@

# With the lists from the headers filled in.
$(OUT)/man/%: user/man/% headers/xv_reasons.h user/lib/columns.h tools/gen-reasons
	@mkdir -p $(@D)
	@echo '  MAN     $<'
	$(Q)CC=$(CC) tools/gen-reasons $< > $@

tests: $(TESTS) $(OUT)/tests/bpf/cost

$(OUT)/tests/unit/%: $(OUT)/tests/unit/%.o $(TEST_OBJS)
	@echo '  LINK    $@'
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

# The kernel's answers are the test's own.
$(OUT)/tests/unit/test_adjacency: LDLIBS += $(patsubst %,-Wl$(comma)--wrap=xv_%,netlink_get_route \
	netlink_get_link netlink_get_neigh netlink_keep_neigh netlink_forget_neigh netlink_neigh_fulls \
	rcu_synchronize log)

# The map is the test's own.
$(OUT)/tests/unit/test_vlan: LDLIBS += $(patsubst %,-Wl$(comma)--wrap=%,bpf_map_update_elem \
	bpf_map_lookup_elem bpf_map_delete_elem)

# No map is written.
$(OUT)/tests/unit/test_quota: LDLIBS += -Wl,--wrap=xv_network_write

# The map with little room is the test's own.
$(OUT)/tests/unit/test_flood: LDLIBS += $(patsubst %,-Wl$(comma)--wrap=%,bpf_map_update_elem \
	bpf_map_lookup_elem bpf_map_delete_elem xv_rcu_synchronize xv_adjacency_drop xv_fdb_flush_gone)

$(OUT)/tests/bpf/%: $(OUT)/tests/bpf/%.o $(BPF_TEST_OBJS) $(TABLE_OBJS)
	@echo '  LINK    $@'
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

$(OUT)/tests/net/%: $(OUT)/tests/net/%.o $(TEST_OBJS)
	@echo '  LINK    $@'
	$(Q)$(CC) $(CFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

# Fuzzed code is built again, whole, with the sanitizers.
$(OUT)/tests/fuzz/%: tests/fuzz/%.c $(wildcard user/lib/*.c user/daemon/config/*.c)
	@mkdir -p $(@D)
	@echo '  FUZZ    $@'
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS) -fsanitize=address,undefined -o $@ $^ $(LDLIBS) -lcmocka

-include tests/bench/bench.mk
-include tests/bpf/table.mk

install: all
	$(Q)tools/install $(call quote,$(DESTDIR)) $(call quote,$(PREFIX))

uninstall:
	$(Q)tools/install --remove $(call quote,$(DESTDIR)) $(call quote,$(PREFIX))

lint:
	$(Q)tools/lint

format:
	$(Q)git ls-files '*.c' '*.h' | xargs clang-format -i

check:
	$(Q)tools/install-deps
	$(Q)$(MAKE) $(PARALLEL) --no-print-directory all $(if $(SANITIZE),,tests $(FUZZERS))
	$(Q)$(if $(SANITIZE),tools/check-sanitized $(OUT),tools/check)

demo:
	$(Q)tools/install-deps --build --run --demo
	$(Q)$(MAKE) $(PARALLEL) --no-print-directory all
	$(Q)tools/demo

# Guests cannot build the earlier versions that tests begin with.
check-kernels:
	$(Q)tools/install-deps
	$(Q)$(MAKE) $(PARALLEL) --no-print-directory all tests
	$(Q)tests/net/history.py
	$(Q)tools/kernel-matrix

clean:
	rm -rf $(OUT)

-include $(shell find $(OUT) -name '*.d' 2>/dev/null)
