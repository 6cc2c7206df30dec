// SPDX-License-Identifier: GPL-2.0-only
/*
 * How long a new MAC takes to be known, from outside: sends the first frame of a new MAC to the
 * host under test from the wire, and frames to that MAC from the tenant until one leaves on the
 * wire. The flood list must be empty: what is not known goes nowhere then. New MACs come at a fixed
 * rate; each is timed, so that a stall counts for every MAC that waits in it. Where the probe
 * itself did not run for a while, the MACs that waited meanwhile are not counted: nobody saw when
 * they were known.
 *
 *   probe -w NETNS:DEV -t NETNS:DEV -n HEX -p HEX -r MACS_A_SECOND -m MACS -c CPU
 *
 * -n is the frame from the wire, whose inner source is the new MAC, -p the tenant's, whose
 * destination it is; the last 4 bytes of the MAC are counted up. Prints {"p50_us":, "p99_us":,
 * "max_us":, "installed":, "missed": MACs not known after 200 ms, "unseen": not counted}.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	FRAME_MAX = 256,
	OUTER_LEN = 50,
	INNER_SRC = OUTER_LEN + 6,
	MACS_MAX = 1 << 20,
	PROBE_NS = 20000, /* between frames to a MAC that is not known yet */
	PATIENCE_NS = 200000000,
	AWAY_NS = 200000, /* between two looks at the clock: somebody else had the CPU */
};

struct frame {
	unsigned char bytes[FRAME_MAX];
	size_t len;
};

struct options {
	const char *wire;
	const char *tenant;
	struct frame fresh; /* from the wire */
	struct frame query; /* from the tenant */
	long rate;
	long macs;
	int cpu;
};

struct state {
	int wire;
	int tenant;
	long sent;
	long oldest; /* MAC that is not known yet, all before it are known or missed */
	long at;     /* to be asked for next: round robin from the oldest to the last sent */
	long known;
	long missed;
	long unseen;
	long long asked; /* when the last query was sent that nothing answered */
};

static long long sent_at[MACS_MAX];
static unsigned int waited[MACS_MAX]; /* ns, of the known ones */
static char is_known[MACS_MAX];

static int parse_hex(const char *text, struct frame *f)
{
	size_t len = strlen(text) / 2;

	if (strlen(text) % 2 || len > FRAME_MAX || len < ETH_HLEN)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		char byte[3] = {text[2 * i], text[2 * i + 1], 0};

		f->bytes[i] = strtoul(byte, NULL, 16);
	}
	f->len = len;
	return 0;
}

static int parse_options(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt(argc, argv, "w:t:n:p:r:m:c:")) != -1) {
		switch (c) {
		case 'w':
			o->wire = optarg;
			break;
		case 't':
			o->tenant = optarg;
			break;
		case 'n':
		case 'p':
			if (parse_hex(optarg, c == 'n' ? &o->fresh : &o->query))
				return -EINVAL;
			break;
		case 'r':
			o->rate = strtol(optarg, NULL, 10);
			break;
		case 'm':
			o->macs = strtol(optarg, NULL, 10);
			break;
		case 'c':
			o->cpu = strtol(optarg, NULL, 10);
			break;
		default:
			return -EINVAL;
		}
	}
	return o->wire && o->tenant && o->fresh.len > INNER_SRC + 6 && o->query.len &&
			       o->rate > 0 && o->macs > 0 && o->macs <= MACS_MAX
		       ? 0
		       : -EINVAL;
}

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* Raw socket on "NETNS:DEV"; the process stays in that network namespace. */
static int open_socket(const char *where)
{
	struct sockaddr_ll ll = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
	int one = 1, size = 1 << 23, fd, ns;
	char path[256];

	if (sscanf(where, "%255[^:]", path) != 1 || !strchr(where, ':'))
		return -EINVAL;
	ns = open(path, O_RDONLY | O_CLOEXEC);
	if (ns < 0 || setns(ns, CLONE_NEWNET))
		return -errno;
	close(ns);
	ll.sll_ifindex = if_nametoindex(strchr(where, ':') + 1);
	fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || !ll.sll_ifindex ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) ||
	    bind(fd, (struct sockaddr *)&ll, sizeof(ll)))
		return -errno;
	return fd;
}

static void number_mac(unsigned char *mac, long number)
{
	__be32 n = htonl(number);

	memcpy(mac + 2, &n, sizeof(n));
}

static void send_fresh(struct state *s, struct options *o, long long now)
{
	number_mac(o->fresh.bytes + INNER_SRC, s->sent);
	sent_at[s->sent++] = now;
	send(s->wire, o->fresh.bytes, o->fresh.len, 0);
}

/* Asks for a MAC; what comes out answers. */
static void query(struct state *s, struct options *o, long mac)
{
	unsigned char got[2048];
	long long now;
	ssize_t n;

	number_mac(o->query.bytes, mac);
	s->asked = now_ns();
	send(s->tenant, o->query.bytes, o->query.len, 0);
	while ((n = recv(s->wire, got, sizeof(got), 0)) > 0) {
		if (n != (ssize_t)o->query.len + OUTER_LEN ||
		    memcmp(got + OUTER_LEN, o->query.bytes, 6))
			continue;
		now = now_ns();
		if (now - s->asked <= AWAY_NS) {
			waited[s->known++] = now - sent_at[mac];
			is_known[mac] = 1;
		}
		s->asked = 0;
		return;
	}
	if (s->asked - sent_at[mac] > PATIENCE_NS) {
		s->missed++;
		is_known[mac] = 1;
	}
}

static void query_next(struct state *s, struct options *o)
{
	while (s->oldest < s->sent && is_known[s->oldest])
		s->oldest++;
	while (s->at < s->sent && is_known[s->at])
		s->at++;
	if (s->at >= s->sent)
		s->at = s->oldest;
	if (s->at < s->sent)
		query(s, o, s->at++);
}

/* Nobody looked meanwhile. */
static void forget_waiting(struct state *s)
{
	for (long i = s->oldest; i < s->sent; i++) {
		s->unseen += !is_known[i];
		is_known[i] = 1;
	}
}

static void run(struct state *s, struct options *o)
{
	long long interval = 1000000000LL / o->rate, next = now_ns(), last = next;

	while (s->known + s->missed + s->unseen < o->macs) {
		long long now = now_ns();

		if (now - last > AWAY_NS)
			forget_waiting(s);
		last = now;
		if (s->sent < o->macs && now >= next) {
			send_fresh(s, o, now);
			next += interval;
		}
		if (now - s->asked >= PROBE_NS)
			query_next(s, o);
	}
}

static int by_value(const void *a, const void *b)
{
	unsigned int x = *(const unsigned int *)a, y = *(const unsigned int *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	struct options o = {};
	struct state s = {};
	cpu_set_t set;

	if (parse_options(argc, argv, &o)) {
		fprintf(stderr, "usage: probe -w NETNS:DEV -t NETNS:DEV -n HEX -p HEX -r RATE "
				"-m MACS -c CPU\n");
		return 2;
	}
	CPU_ZERO(&set);
	CPU_SET(o.cpu, &set);
	s.wire = open_socket(o.wire);
	s.tenant = s.wire < 0 ? s.wire : open_socket(o.tenant);
	if (s.tenant < 0 || sched_setaffinity(0, sizeof(set), &set)) {
		fprintf(stderr, "probe: %s\n", strerror(s.tenant < 0 ? -s.tenant : errno));
		return 1;
	}
	run(&s, &o);
	qsort(waited, s.known, sizeof(waited[0]), by_value);
	if (!s.known) {
		fprintf(stderr, "probe: no MAC was ever known\n");
		return 1;
	}
	printf("{\"p50_us\": %.1f, \"p99_us\": %.1f, \"max_us\": %.1f, \"installed\": %ld, "
	       "\"missed\": %ld, \"unseen\": %ld}\n",
	       waited[s.known / 2] / 1e3, waited[s.known * 99 / 100] / 1e3,
	       waited[s.known - 1] / 1e3, s.known, s.missed, s.unseen);
	return 0;
}
