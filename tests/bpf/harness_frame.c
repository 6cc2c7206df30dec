// SPDX-License-Identifier: GPL-2.0-only
/* Building and comparing frames; see harness_frame.h. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness_frame.h"

int harness_quiet;

const uint8_t frame_mac_router[6] = {0x02, 0xee, 0, 0, 0, 1};
const uint8_t frame_mac_nic[6] = {0x02, 0xee, 0, 0, 0, 2};

void frame_copy(struct frame *to, const struct frame *from)
{
	to->len = from->len;
	memcpy(to->b, from->b, from->len);
}

void frame_put(struct frame *f, const void *bytes, uint32_t n)
{
	if (f->len + n > FRAME_MAX)
		abort();
	memcpy(f->b + f->len, bytes, n);
	f->len += n;
}

void frame_put16(struct frame *f, uint16_t value)
{
	frame_put(f, (uint8_t[]){value >> 8, value}, 2);
}

void frame_put32(struct frame *f, uint32_t value)
{
	frame_put16(f, value >> 16);
	frame_put16(f, value);
}

void frame_set16(struct frame *f, uint32_t at, uint16_t value)
{
	f->b[at] = value >> 8;
	f->b[at + 1] = value;
}

uint16_t frame_get16(const struct frame *f, uint32_t at)
{
	return f->b[at] << 8 | f->b[at + 1];
}

uint16_t sum16(const uint8_t *b, uint32_t n, uint32_t sum)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		sum += i & 1 ? b[i] : b[i] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

void frame_fix_ip4(struct frame *f, uint32_t at)
{
	frame_set16(f, at + 10, 0);
	frame_set16(f, at + 10, ~sum16(f->b + at, 20, 0));
}

void frame_fix_udp(struct frame *f, uint32_t at, int v6, int partial)
{
	uint32_t addresses = v6 ? 32 : 8, n = f->len - at;
	uint32_t sum = sum16(f->b + at - addresses, addresses, P_UDP + n);

	frame_set16(f, at + 6, 0);
	frame_set16(f, at + 6, partial ? sum : (uint16_t)~sum16(f->b + at, n, sum));
}

/* UDP or TCP (or bare payload) with its checksum; addr_at: of both addresses, addr_len bytes in
 * all. */
static void put_transport(struct frame *f, const struct inner_spec *s, uint32_t addr_at,
			  uint32_t addr_len)
{
	uint32_t start = f->len, i, n, sum;

	if (s->proto == P_UDP) {
		frame_put16(f, s->sport);
		frame_put16(f, s->dport);
		frame_put16(f, 8 + s->payload);
		frame_put16(f, 0);
	} else if (s->proto == P_TCP) {
		frame_put16(f, s->sport);
		frame_put16(f, s->dport);
		frame_put32(f, 0x01020304);
		frame_put32(f, 0x05060708);
		frame_put16(f, 0x5018);
		frame_put16(f, 0xffff);
		frame_put32(f, 0);
	}
	for (i = 0; i < s->payload; i++)
		frame_put(f, (uint8_t[]){i * 7 + (i >> 8)}, 1);
	n = f->len - start;
	sum = sum16(f->b + addr_at, addr_len, s->proto + n);
	if (s->proto == P_UDP)
		frame_set16(f, start + 6, ~sum16(f->b + start, n, sum));
	else if (s->proto == P_TCP)
		frame_set16(f, start + 16, ~sum16(f->b + start, n, sum));
}

static uint32_t transport_len(const struct inner_spec *s)
{
	return s->payload + (s->proto == P_UDP ? 8 : s->proto == P_TCP ? 20 : 0);
}

static void put_inner_ip4(struct frame *f, const struct inner_spec *s)
{
	uint32_t at = f->len;

	frame_put(f, (uint8_t[]){0x45, s->tos}, 2);
	frame_put16(f, 20 + transport_len(s));
	frame_put32(f, 0x1a2b4000);
	frame_put(f, (uint8_t[]){63, s->proto, 0, 0}, 4);
	frame_put(f, (uint8_t[]){10, 0, 0, 1, 10, 0, 0, 2}, 8);
	frame_fix_ip4(f, at);
	put_transport(f, s, at + 12, 8);
}

static void put_inner_ip6(struct frame *f, const struct inner_spec *s)
{
	uint32_t at = f->len;
	uint8_t addr[16] = {0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};

	frame_put32(f, 6u << 28 | s->tos << 20 | 0x54321);
	frame_put16(f, transport_len(s));
	frame_put(f, (uint8_t[]){s->proto, 63}, 2);
	frame_put(f, addr, 16);
	addr[15] = 2;
	frame_put(f, addr, 16);
	put_transport(f, s, at + 8, 32);
}

void frame_inner(struct frame *f, const struct inner_spec *s)
{
	uint32_t i;

	frame_put(f, s->dst, 6);
	frame_put(f, s->src, 6);
	if (s->tpid) {
		frame_put16(f, s->tpid);
		frame_put16(f, s->tci);
	}
	frame_put16(f, s->type);
	if (s->type == T_IP)
		put_inner_ip4(f, s);
	else if (s->type == T_IPV6)
		put_inner_ip6(f, s);
	else
		for (i = 0; i < s->payload; i++)
			frame_put(f, (uint8_t[]){i * 7 + (i >> 8)}, 1);
}

uint32_t outer_ip_at(const struct outer_spec *s)
{
	return s->tpid ? 18 : 14;
}

uint32_t outer_udp_at(const struct outer_spec *s)
{
	return outer_ip_at(s) + (s->v6 ? 40 : 20);
}

uint32_t outer_len(const struct outer_spec *s)
{
	return outer_udp_at(s) + 16;
}

static void put_address(struct frame *f, int v6, const char *text)
{
	uint8_t addr[16];

	if (inet_pton(v6 ? AF_INET6 : AF_INET, text, addr) != 1)
		abort();
	frame_put(f, addr, v6 ? 16 : 4);
}

void frame_outer(struct frame *f, const struct outer_spec *s, uint32_t inner_len)
{
	uint32_t udp_len = 16 + inner_len, at;

	frame_put(f, s->sent ? frame_mac_router : frame_mac_nic, 6);
	frame_put(f, s->sent ? frame_mac_nic : frame_mac_router, 6);
	if (s->tpid) {
		frame_put16(f, s->tpid);
		frame_put16(f, s->tci);
	}
	frame_put16(f, s->v6 ? T_IPV6 : T_IP);
	at = f->len;
	if (s->v6) {
		frame_put32(f, 6u << 28 | s->tos << 20);
		frame_put16(f, udp_len);
		frame_put(f, (uint8_t[]){P_UDP, s->ttl}, 2);
	} else {
		frame_put(f, (uint8_t[]){0x45, s->tos}, 2);
		frame_put16(f, 20 + udp_len);
		frame_put32(f, 0x00004000);
		frame_put(f, (uint8_t[]){s->ttl, P_UDP, 0, 0}, 4);
	}
	put_address(f, s->v6, s->src);
	put_address(f, s->v6, s->dst);
	if (!s->v6)
		frame_fix_ip4(f, at);
	frame_put16(f, s->sport);
	frame_put16(f, s->dport);
	frame_put16(f, udp_len);
	frame_put16(f, s->udp_check);
	frame_put32(f, s->flags);
	frame_put32(f, s->vni << 8 | s->reserved);
}

void frame_tunnel(struct frame *f, const struct outer_spec *outer, const struct inner_spec *inner)
{
	static struct frame in;

	in.len = 0;
	frame_inner(&in, inner);
	f->len = 0;
	frame_outer(f, outer, in.len);
	frame_put(f, in.b, in.len);
}

void frame_tagged(struct frame *to, const struct frame *from, uint16_t tpid, uint16_t tci)
{
	to->len = 0;
	frame_put(to, from->b, 12);
	frame_put16(to, tpid);
	frame_put16(to, tci);
	frame_put(to, from->b + 12, from->len - 12);
}

int frame_diff(const struct frame *a, const struct frame *b)
{
	uint32_t n = a->len < b->len ? a->len : b->len, i;

	for (i = 0; i < n; i++)
		if (a->b[i] != b->b[i])
			return i;
	return a->len == b->len ? -1 : (int)n;
}

static void dump(const char *name, const struct frame *f)
{
	uint32_t i, n = f->len < 160 ? f->len : 160;

	fprintf(stderr, "# %s, %u bytes:", name, f->len);
	for (i = 0; i < n; i++)
		fprintf(stderr, "%s%02x", i % 16 ? " " : "\n#   ", f->b[i]);
	fprintf(stderr, "%s\n", n < f->len ? " ..." : "");
}

int frame_check(const struct frame *got, const struct frame *want, const char *what)
{
	int at = frame_diff(got, want);

	if (at < 0)
		return 0;
	if (harness_quiet)
		return -1;
	fprintf(stderr, "# %s: frames differ at byte %d\n", what, at);
	dump("got", got);
	dump("want", want);
	return -1;
}

uint32_t rng_next(struct rng *r)
{
	r->state ^= r->state >> 12;
	r->state ^= r->state << 25;
	r->state ^= r->state >> 27;
	return r->state * 0x2545f4914f6cdd1dULL >> 32;
}

uint32_t rng_below(struct rng *r, uint32_t limit)
{
	return (uint64_t)rng_next(r) * limit >> 32;
}
