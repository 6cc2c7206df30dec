/* SPDX-License-Identifier: GPL-2.0-only */
/* Carries counters from one xv_stats map to another: see carry.h. */
#include <bpf/bpf.h>
#include <errno.h>
#include <sched.h>
#include <sys/mman.h>

#include "maps/carry.h"
#include "xv_abi.h"

enum {
	WORDS = offsetof(struct xv_stats_val, peer_here) / sizeof(uint64_t), /* counters of a CPU */
	PAGE = 4096,
	NOTE_LEN = (WORDS * sizeof(uint64_t) + PAGE - 1) / PAGE * PAGE,
};

int xv_carry_make_note(void)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	int fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "xv_carried", sizeof(__u32), NOTE_LEN, 1,
				&opts);

	return fd < 0 ? -errno : fd;
}

/* NULL with errno on failure. */
static void *map_array(int fd, size_t *stride, size_t *len)
{
	struct bpf_map_info info = {};
	__u32 info_len = sizeof(info);
	void *p;

	if (bpf_obj_get_info_by_fd(fd, &info, &info_len))
		return NULL;
	*stride = info.value_size;
	*len = (size_t)info.value_size * info.max_entries;
	p = mmap(NULL, *len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	return p == MAP_FAILED ? NULL : p;
}

int xv_carry_open(struct xv_carry *carry, int from, int to, int note)
{
	size_t stride = 0;
	int ret;

	*carry = (struct xv_carry){};
	carry->from = map_array(from, &carry->from_stride, &carry->from_len);
	if (carry->from)
		carry->to = map_array(to, &carry->to_stride, &carry->to_len);
	if (carry->to)
		carry->carried = map_array(note, &stride, &carry->carried_len);
	if (carry->carried && stride == NOTE_LEN &&
	    carry->from_len / carry->from_stride == carry->to_len / carry->to_stride)
		return 0;
	ret = carry->carried ? -EPROTO : -errno;
	xv_carry_close(carry);
	return ret;
}

void xv_carry_close(struct xv_carry *carry)
{
	if (carry->from)
		munmap(carry->from, carry->from_len);
	if (carry->to)
		munmap(carry->to, carry->to_len);
	if (carry->carried)
		munmap(carry->carried, carry->carried_len);
	*carry = (struct xv_carry){};
}

static size_t entries(const struct xv_carry *carry)
{
	return carry->from_len / carry->from_stride;
}

static uint64_t *word_of(uint8_t *base, size_t stride, size_t cpu, size_t word)
{
	return (uint64_t *)(base + cpu * stride) + word;
}

void xv_carry_begin(struct xv_carry *carry)
{
	size_t cpu, n = entries(carry), i;
	uint64_t now, sum;

	for (i = 0; i < WORDS; i++) {
		for (sum = 0, cpu = 0; cpu < n; cpu++) {
			now = __atomic_load_n(word_of(carry->from, carry->from_stride, cpu, i),
					      __ATOMIC_RELAXED);
			if (now)
				*word_of(carry->to, carry->to_stride, cpu, i) = now;
			sum += now;
		}
		if (sum)
			carry->carried[i] = sum;
	}
}

/*
 * Adds to `to` what was counted in `from` and has not been carried yet. Programs of a CPU add to
 * that CPU's counters without locks, so this function runs on each CPU in turn, where no program
 * can interrupt the single instruction that adds.
 */
static void add(struct xv_carry *carry, uint8_t *from, size_t from_stride, uint8_t *to,
		size_t to_stride)
{
	size_t cpu, n = entries(carry), i, here = 0;
	cpu_set_t before, only;
	int now = sched_getcpu();
	uint64_t sum;

	CPU_ZERO(&only);
	if (now >= 0 && (size_t)now < n && now < CPU_SETSIZE) {
		here = now;
		CPU_SET(now, &only);
	}
	sched_getaffinity(0, sizeof(before), &before);
	sched_setaffinity(0, sizeof(only), &only);
	for (i = 0; i < WORDS; i++) {
		for (sum = 0, cpu = 0; cpu < n; cpu++)
			sum += __atomic_load_n(word_of(from, from_stride, cpu, i),
					       __ATOMIC_RELAXED);
		if (sum == carry->carried[i])
			continue;
		__atomic_fetch_add(word_of(to, to_stride, here, i), sum - carry->carried[i],
				   __ATOMIC_RELAXED);
		carry->carried[i] = sum;
	}
	sched_setaffinity(0, sizeof(before), &before);
}

void xv_carry_on(struct xv_carry *carry)
{
	add(carry, carry->from, carry->from_stride, carry->to, carry->to_stride);
}

void xv_carry_back(struct xv_carry *carry)
{
	add(carry, carry->to, carry->to_stride, carry->from, carry->from_stride);
}
