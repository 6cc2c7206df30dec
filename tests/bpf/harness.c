// SPDX-License-Identifier: GPL-2.0-only
/* Loading, running, skipping; see harness.h. */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "harness.h"
#include "kernel/kernel.h"

struct harness hs = {.netns = -1};

void hs_note(const char *fmt, ...)
{
	va_list args;

	if (harness_quiet)
		return;
	fputs("# ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

struct xvtep_bpf *hs_load(void)
{
	struct xvtep_bpf *skel = xvtep_bpf__open();
	struct bpf_map *map;

	if (!skel)
		return NULL;
	bpf_object__for_each_map(map,
				 skel->obj) if (bpf_map__set_pin_path(map, NULL)) goto err_destroy;
	if (bpf_map__set_max_entries(skel->maps.xv_stats, xv_kernel_cpu_ids()) ||
	    xvtep_bpf__load(skel))
		goto err_destroy;
	return skel;

err_destroy:
	xvtep_bpf__destroy(skel);
	return NULL;
}

static int loopback_up(void)
{
	struct ifreq ifr = {.ifr_name = "lo", .ifr_flags = IFF_UP};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -1;
	err = ioctl(fd, SIOCSIFFLAGS, &ifr);
	close(fd);
	return err;
}

/* One CPU: repeated events and rates are held back by each CPU for itself. */
static int pin_cpu(void)
{
	int cpu = sched_getcpu();
	cpu_set_t set;

	if (cpu < 0)
		return -1;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set);
}

static int on_event(void *ctx, void *data, size_t size)
{
	(void)ctx;
	if (size == sizeof(struct xv_event) && hs.events < HS_EVENTS)
		hs.event[hs.events] = *(struct xv_event *)data;
	hs.events++;
	return 0;
}

/* Tests run their programs one by one. */
static void no_program_runs(void)
{
}

int hs_open(void)
{
	struct xv_err err;

	if (geteuid()) {
		printf("1..0 # SKIP needs root to load BPF programs\n");
		return -1;
	}
	if (unshare(CLONE_NEWNET) || loopback_up() || pin_cpu()) {
		perror("# network namespace, lo or CPU");
		exit(1);
	}
	hs.netns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);
	hs.skel = hs_load();
	if (!hs.skel) {
		hs_note("the object does not load");
		exit(1);
	}
	hs.ring = ring_buffer__new(bpf_map__fd(hs.skel->maps.xv_events), on_event, NULL, NULL);
	if (!hs.ring) {
		hs_note("no ring buffer");
		exit(1);
	}
	hs.cpus = xv_kernel_cpu_ids();
	hs.stats = mmap(NULL, hs.cpus * sizeof(*hs.stats), PROT_READ, MAP_SHARED,
			bpf_map__fd(hs.skel->maps.xv_stats), 0);
	if (hs.stats == MAP_FAILED) {
		hs_note("counters cannot be mapped");
		exit(1);
	}
	if (xv_table_open(bpf_map__fd(hs.skel->maps.xv_fdb_table), no_program_runs, &hs.fdb,
			  &err)) {
		hs_note("%s", err.text);
		exit(1);
	}
	return 0;
}

void hs_close(void)
{
	munmap(hs.stats, hs.cpus * sizeof(*hs.stats));
	xv_table_close(hs.fdb);
	ring_buffer__free(hs.ring);
	xvtep_bpf__destroy(hs.skel);
	if (hs.netns >= 0)
		close(hs.netns);
}

static struct xv_fdb_key fdb_key(__u32 bd, const __u8 *mac)
{
	struct xv_fdb_key key = {.bd = bd};

	memcpy(key.mac, mac, sizeof(key.mac));
	return key;
}

struct xv_fdb_val hs_fdb_get(__u32 bd, const __u8 *mac, int by_map)
{
	union xv_table_key key = {.key = fdb_key(bd, mac)};
	struct xv_fdb_word word;
	int fd = bpf_map__fd(hs.skel->maps.xv_fdb);

	assert_int_equal(by_map ? bpf_map_lookup_elem(fd, &key.key, &word.val)
				: xv_table_lookup(hs.fdb, key.word, &word),
			 0);
	return word.val;
}

void hs_fdb_put(__u32 bd, const __u8 *mac, struct xv_fdb_val val, int by_map)
{
	union xv_table_key key = {.key = fdb_key(bd, mac)};
	struct xv_fdb_word word = {.val = val};
	int fd = bpf_map__fd(hs.skel->maps.xv_fdb), ret;

	if (by_map) {
		assert_int_equal(bpf_map_update_elem(fd, &key.key, &val, BPF_ANY), 0);
		return;
	}
	ret = xv_table_update(hs.fdb, key.word, word);
	if (ret == -ENOENT)
		ret = xv_table_insert_wait(hs.fdb, key.word, word);
	assert_int_equal(ret, 0);
}

int hs_main(const char *name, const struct CMUnitTest *tests, size_t n)
{
	int failed;

	if (hs_open())
		return 0;
	failed = _cmocka_run_group_tests(name, tests, n, NULL, NULL);
	hs_close();
	return failed ? 1 : 0;
}

int kernel_at_least(int major, int minor)
{
	static int have_major, have_minor;
	struct utsname name;

	if (!have_major &&
	    (uname(&name) || sscanf(name.release, "%d.%d", &have_major, &have_minor) != 2))
		abort();
	return have_major > major || (have_major == major && have_minor >= minor);
}

int program_fd(struct bpf_program *prog)
{
	return bpf_program__fd(prog);
}

int hs_run_xdp(const struct frame *in, __u32 linear, struct run *r)
{
	return hs_run_xdp_of(hs.skel->progs.xv_decap, in, linear, r);
}

int hs_run_xdp_of(struct bpf_program *prog, const struct frame *in, __u32 linear, struct run *r)
{
	static __u8 out[FRAME_MAX + 256];
	/* An output context without an input one counts as one of zeroes: no linear data at all. */
	struct xdp_md ctx = {.data_end = linear ? linear : in->len}, after = {};
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = in->b, .data_size_in = in->len,
		    .data_out = out, .data_size_out = sizeof(out), .ctx_in = &ctx,
		    .ctx_size_in = sizeof(ctx), .ctx_out = &after, .ctx_size_out = sizeof(after),
		    .repeat = 1);

	if (bpf_prog_test_run_opts(program_fd(prog), &opts))
		return -errno;
	r->retval = opts.retval;
	/* The output begins with the metadata, and ctx_out counts from there. */
	r->meta_len = after.data - after.data_meta;
	if (r->meta_len > opts.data_size_out)
		return -EIO;
	r->out.len = 0;
	frame_put(&r->out, out + r->meta_len, opts.data_size_out - r->meta_len);
	return 0;
}

int hs_run_tc(struct bpf_program *prog, const struct frame *in, struct __sk_buff *ctx,
	      struct run *r)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = in->b, .data_size_in = in->len,
		    .data_out = r->out.b, .data_size_out = FRAME_MAX, .ctx_in = ctx,
		    .ctx_size_in = ctx ? sizeof(*ctx) : 0, .ctx_out = &r->ctx,
		    .ctx_size_out = sizeof(r->ctx), .repeat = 1);

	if (bpf_prog_test_run_opts(program_fd(prog), &opts))
		return -errno;
	r->retval = opts.retval;
	r->out.len = opts.data_size_out;
	r->meta_len = 0;
	return 0;
}

int hs_events_poll(void)
{
	ring_buffer__consume(hs.ring);
	return hs.events;
}

void hs_events_reset(void)
{
	ring_buffer__consume(hs.ring);
	hs.events = 0;
}

struct outer_spec adj_outer(const struct world *w, __u32 peer)
{
	int v6 = !!strchr(w->peer[peer].ip, ':');

	return (struct outer_spec){
		.v6 = v6,
		.sent = 1,
		.src = v6 ? w->local6 : w->local4,
		.dst = w->peer[peer].ip,
		.ttl = 64,
		.dport = w->udp_port,
		.flags = 0x08000000,
	};
}

struct outer_spec outer_from(const struct world *w, __u32 peer, __u32 bd)
{
	struct outer_spec s = adj_outer(w, peer);
	const char *us = s.src;

	s.sent = 0;
	s.src = s.dst;
	s.dst = us;
	s.sport = 50000;
	s.vni = w->net[bd].vni;
	return s;
}

struct inner_spec inner_udp(const __u8 *dst, const __u8 *src)
{
	struct inner_spec s = {.type = T_IP, .proto = P_UDP, .payload = 100};

	s.sport = 1000;
	s.dport = 2000;
	memcpy(s.dst, dst, 6);
	memcpy(s.src, src, 6);
	return s;
}
