/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the netlink tests share: the daemon's view of the kernel (user/daemon/kernel/netlink.h)
 * against a real kernel, in a network namespace of the test's own, with a second one, held by a
 * child process, at the other end of a veth pair. Included once by each test program.
 */
#ifndef XV_TEST_NETLINK_LAB_H
#define XV_TEST_NETLINK_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "addr.h"
#include "kernel/netlink.h"
#include "kernel/routes.h"

enum {
	LAB_LINKS = 512,
	LAB_WAIT = 40, /* seconds */
};

static struct xv_netlink *nl;
static struct xv_err err;
static pid_t peer; /* holds the other namespace */

/* What the callbacks told. */
static struct {
	struct xv_link links[LAB_LINKS]; /* by ifindex; ifindex 0: not there */
	char gone[IFNAMSIZ];		 /* name in the last link_gone */
	int n_link, n_gone, n_features, n_address, n_route, n_resync;
	struct xv_routes routes; /* of the last change */
	uint8_t xdp_mode;	 /* of the last link with a program */
	uint32_t features_ifindex;
	uint64_t features;
	struct xv_ip neigh_ip; /* the one to watch */
	bool resolved, kept;
	uint8_t mac[6];
	int n_resolved, n_lost;
} seen;

static void on_link(void *arg, const struct xv_link *link)
{
	assert_ptr_equal(arg, &seen);
	assert_true(link->ifindex < LAB_LINKS);
	seen.links[link->ifindex] = *link;
	if (link->xdp_prog)
		seen.xdp_mode = link->xdp_mode;
	seen.n_link++;
}

static void on_link_gone(void *arg, uint32_t ifindex, const char *name)
{
	(void)arg;
	assert_true(ifindex < LAB_LINKS);
	memset(&seen.links[ifindex], 0, sizeof(seen.links[ifindex]));
	snprintf(seen.gone, sizeof(seen.gone), "%s", name);
	seen.n_gone++;
}

static void on_features(void *arg, uint32_t ifindex, uint64_t xdp_features)
{
	(void)arg;
	seen.features_ifindex = ifindex;
	seen.features = xdp_features;
	seen.n_features++;
}

static void on_address(void *arg)
{
	(void)arg;
	seen.n_address++;
}

static void on_route(void *arg, const struct xv_routes *changed)
{
	(void)arg;
	seen.routes = *changed;
	seen.n_route++;
}

static void on_neigh(void *arg, uint32_t ifindex, const struct xv_ip *ip, const uint8_t *mac,
		     bool kept)
{
	(void)arg;
	if (!xv_ip_equal(ip, &seen.neigh_ip))
		return;
	assert_string_equal(seen.links[ifindex].name, "va");
	seen.resolved = mac != NULL;
	seen.kept = kept;
	if (mac) {
		memcpy(seen.mac, mac, 6);
		seen.n_resolved++;
	} else {
		seen.n_lost++;
	}
}

static void on_resync(void *arg)
{
	(void)arg;
	seen.n_resync++;
}

static const struct xv_netlink_ops ops = {
	.link = on_link,
	.link_gone = on_link_gone,
	.features = on_features,
	.address = on_address,
	.route = on_route,
	.neigh = on_neigh,
	.resync = on_resync,
};

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void dispatch(int timeout_ms)
{
	struct pollfd p[2] = {{.events = POLLIN}, {.events = POLLIN}};
	int fds[2];

	xv_netlink_fds(nl, fds);
	p[0].fd = fds[0];
	p[1].fd = fds[1];
	poll(p, 2, timeout_ms);
	xv_netlink_dispatch(nl);
}

/* Dispatches until the condition holds; fails the test after LAB_WAIT. */
#define wait_until(condition)                                      \
	do {                                                       \
		double end_ = now() + LAB_WAIT;                    \
		while (!(condition)) {                             \
			if (now() > end_)                          \
				fail_msg("never: %s", #condition); \
			dispatch(100);                             \
		}                                                  \
	} while (0)

__attribute__((format(printf, 1, 2))) static void run(const char *fmt, ...)
{
	char cmd[1024];
	va_list ap;
	int status;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof(cmd), fmt, ap);
	va_end(ap);
	status = system(cmd);
	if (status)
		fail_msg("status %#x: %s", status, cmd);
}

#define run_peer(fmt, ...) run("nsenter -t %d -n " fmt, peer, ##__VA_ARGS__)

/* Fails unless the command's output has the text. */
static inline void assert_output(const char *cmd, const char *text)
{
	char out[16384];
	size_t len;
	FILE *f = popen(cmd, "r");

	assert_non_null(f);
	len = fread(out, 1, sizeof(out) - 1, f);
	out[len] = '\0';
	assert_int_equal(pclose(f), 0);
	if (!strstr(out, text))
		fail_msg("no %s in the output of %s: %s", text, cmd, out);
}

static void set_sysctl(const char *path, const char *value)
{
	char full[256];
	int fd;

	snprintf(full, sizeof(full), "/proc/sys/net/%s", path);
	fd = open(full, O_WRONLY);
	if (fd < 0 || write(fd, value, strlen(value)) < 0)
		fail_msg("cannot write %s: %s", full, strerror(errno));
	close(fd);
}

static inline struct xv_ip ip(const char *text)
{
	struct xv_ip value;

	assert_int_equal(xv_ip_parse(text, &value), 0);
	return value;
}

static inline bool mac_is(const uint8_t mac[6], const char *text)
{
	char buf[XV_MAC_STRLEN];

	return !strcmp(xv_mac_format(mac, buf), text);
}

#define assert_err(part)                                                 \
	do {                                                             \
		if (!strstr(err.text, part))                             \
			fail_msg("no \"%s\" in \"%s\"", part, err.text); \
	} while (0)

/* Fresh handle, and va (here) wired to vb (in the other namespace). */
static int setup(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	memset(&err, 0, sizeof(err));
	assert_int_equal(xv_netlink_open(&nl, &ops, &seen, &err), 0);
	run("ip link add va address 02:00:00:00:00:01 type veth peer name vb netns %d", peer);
	run_peer("ip link set vb address 02:00:00:00:00:02 up");
	run("ip link set va up");
	run("ip addr add 10.9.0.1/24 dev va; ip addr add fd09::1/64 dev va nodad");
	run_peer("ip addr add 10.9.0.2/24 dev vb");
	run_peer("ip addr add fd09::2/64 dev vb nodad");
	wait_until(if_nametoindex("va") && seen.links[if_nametoindex("va")].flags & IFF_RUNNING);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	xv_netlink_close(nl);
	nl = NULL;
	run("ip link del va 2>/dev/null || true");
	return 0;
}

/* A child that holds the other namespace and ends with this process. */
static void start_peer(void)
{
	int ready[2];
	char c;

	if (pipe(ready)) {
		perror("pipe");
		exit(1);
	}
	peer = fork();
	if (!peer) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNET) || write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (peer < 0 || read(ready[0], &c, 1) != 1) {
		fprintf(stderr, "cannot make a network namespace\n");
		exit(1);
	}
	close(ready[0]);
}

/* Runs the tests as root in fresh namespaces; the exit code. */
#define lab_run(tests) \
	(lab_start() ? 0 : lab_stop(cmocka_run_group_tests_name("netlink", tests, NULL, NULL)))

static bool lab_start(void)
{
	cmocka_set_message_output(CM_OUTPUT_TAP);
	if (geteuid() || unshare(CLONE_NEWNET)) {
		printf("1..0 # SKIP it takes root to make network namespaces\n");
		return true;
	}
	start_peer();
	run("ip link set lo up");
	set_sysctl("ipv6/conf/default/accept_dad", "0"); /* no events long after their cause */
	return false;
}

static int lab_stop(int failed)
{
	kill(peer, SIGKILL);
	waitpid(peer, NULL, 0);
	return failed != 0;
}

#endif
