// SPDX-License-Identifier: GPL-2.0-only
/*
 * Request and response over one TCP connection or UDP socket. Both ends live until their standard
 * input closes and are pinned to a CPU.
 *
 *   rr -s -p tcp|udp -a ADDRESS -l BYTES [-c CPU]     answers; prints {} when it listens
 *   rr -p tcp|udp -a ADDRESS -l BYTES [-c CPU]        asks, on the command
 *
 *   time SECONDS   {"count": transactions, "ns": time, "p50_us":, "p99_us":, "lost": unanswered}
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	PORT = 5202,
	LEN_MAX = 1400,
	SAMPLES = 1 << 20, /* transactions of one command, at most */
	PATIENCE_MS = 200, /* for an answer */
};

struct options {
	int server;
	int type; /* SOCK_STREAM or SOCK_DGRAM */
	size_t len;
	int cpu;
	struct sockaddr_in addr;
};

static unsigned int samples[SAMPLES]; /* ns */

static int usage(void)
{
	fprintf(stderr, "usage: rr [-s] -p tcp|udp -a ADDRESS -l BYTES [-c CPU]\n");
	return 2;
}

static int parse_options(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt(argc, argv, "sp:a:l:c:")) != -1) {
		switch (c) {
		case 's':
			o->server = 1;
			break;
		case 'p':
			o->type = !strcmp(optarg, "tcp") ? SOCK_STREAM : SOCK_DGRAM;
			break;
		case 'a':
			if (inet_pton(AF_INET, optarg, &o->addr.sin_addr) != 1)
				return -EINVAL;
			break;
		case 'l':
			o->len = strtoul(optarg, NULL, 10);
			break;
		case 'c':
			o->cpu = strtoul(optarg, NULL, 10);
			break;
		default:
			return -EINVAL;
		}
	}
	o->addr.sin_family = AF_INET;
	o->addr.sin_port = htons(PORT);
	return o->type && o->len && o->len <= LEN_MAX && o->addr.sin_addr.s_addr ? 0 : -EINVAL;
}

static long long now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* A whole message into buf; 0, or -1: connection ended or no answer in time. */
static int receive(int fd, char *buf, size_t len)
{
	size_t at = 0;

	while (at < len) {
		ssize_t n = recv(fd, buf + at, len - at, 0);

		if (n <= 0)
			return -1;
		at += n;
	}
	return 0;
}

static void set_no_delay(int fd)
{
	int one = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static void echo_stream(int listener, size_t len)
{
	char buf[LEN_MAX];

	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			return;
		set_no_delay(fd);
		while (!receive(fd, buf, len) && send(fd, buf, len, MSG_NOSIGNAL) == (ssize_t)len)
			;
		close(fd);
	}
}

static void echo_datagrams(int fd)
{
	struct sockaddr_in from;
	char buf[LEN_MAX];

	for (;;) {
		socklen_t size = sizeof(from);
		ssize_t n = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from, &size);

		if (n > 0)
			sendto(fd, buf, n, 0, (struct sockaddr *)&from, size);
	}
}

struct echo {
	int fd;
	const struct options *o;
};

static void *echo(void *arg)
{
	const struct echo *e = arg;

	if (e->o->type == SOCK_STREAM)
		echo_stream(e->fd, e->o->len);
	else
		echo_datagrams(e->fd);
	return NULL;
}

static int serve(int fd, struct options *o)
{
	struct echo e = {.fd = fd, .o = o};
	pthread_t thread;
	int one = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, (struct sockaddr *)&o->addr, sizeof(o->addr)))
		return -errno;
	if (o->type == SOCK_STREAM && listen(fd, 1))
		return -errno;
	if (pthread_create(&thread, NULL, echo, &e))
		return -EAGAIN;
	printf("{}\n");
	fflush(stdout);
	while (getchar() != EOF)
		;
	return 0;
}

static int by_value(const void *a, const void *b)
{
	unsigned int x = *(const unsigned int *)a, y = *(const unsigned int *)b;

	return (x > y) - (x < y);
}

/* Transactions until the time is over; TCP without an answer is -EIO, UDP is counted. */
static int transact(int fd, const struct options *o, double seconds)
{
	long long start = now_ns(), end = start + seconds * 1e9, at = start;
	unsigned int n = 0, lost = 0;
	char buf[LEN_MAX] = {};

	while (at < end && n < SAMPLES) {
		long long asked = at;

		if (send(fd, buf, o->len, MSG_NOSIGNAL) != (ssize_t)o->len)
			return -EIO;
		if (receive(fd, buf, o->len)) {
			if (o->type == SOCK_STREAM)
				return -EIO;
			lost++;
			at = now_ns();
			continue;
		}
		at = now_ns();
		samples[n++] = at - asked;
	}
	if (!n)
		return -ETIMEDOUT;
	qsort(samples, n, sizeof(samples[0]), by_value);
	printf("{\"count\": %u, \"ns\": %lld, \"p50_us\": %.3f, \"p99_us\": %.3f, \"lost\": %u}\n",
	       n, at - start, samples[n / 2] / 1e3, samples[n * 99ULL / 100] / 1e3, lost);
	return 0;
}

static int ask(int fd, struct options *o)
{
	struct timeval patience = {.tv_usec = PATIENCE_MS * 1000};
	char line[64];
	double seconds;
	int err = 0;

	if (connect(fd, (struct sockaddr *)&o->addr, sizeof(o->addr)))
		return -errno;
	if (o->type == SOCK_STREAM)
		set_no_delay(fd);
	else
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	printf("{}\n");
	fflush(stdout);
	while (!err && fgets(line, sizeof(line), stdin)) {
		if (sscanf(line, "time %lf", &seconds) != 1)
			return -EINVAL;
		err = transact(fd, o, seconds);
		fflush(stdout);
	}
	return err;
}

int main(int argc, char **argv)
{
	struct options o = {};
	cpu_set_t set;
	int fd, err;

	if (parse_options(argc, argv, &o))
		return usage();
	CPU_ZERO(&set);
	CPU_SET(o.cpu, &set);
	fd = socket(AF_INET, o.type | SOCK_CLOEXEC, 0);
	err = fd < 0 || sched_setaffinity(0, sizeof(set), &set) ? -errno : 0;
	err = err ?: o.server ? serve(fd, &o) : ask(fd, &o);
	if (err)
		fprintf(stderr, "rr: %s\n", strerror(-err));
	return err ? 1 : 0;
}
