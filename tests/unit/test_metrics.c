/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The Prometheus endpoint over HTTP, without root: an instance that holds networks and no maps, so
 * that its gauges are there and the counters, which cannot be read, are left out.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "model/mac_table.h"
#include "serve/metrics.h"
#include "xv_reasons.h"
#include "model/network.h"

enum {
	PATIENCE = 10, /* seconds until a test has failed */
	ANSWER_MAX = 1 << 16,
};

static struct xv_model model;
static struct xv_about about = {.model = &model};
static struct xv_metrics *metrics;
static struct xv_config config;
static struct xv_datapath dp;
static struct xv_stats_val stats[2];
static struct xv_mac_table fdb;
static struct {
	struct xv_table_head head;
	struct xv_table_bucket bucket[XV_TABLE_MIN_BUCKETS];
} fdb_memory __attribute__((aligned(64)));
static struct xv_network net;

/* A TCP port of 127.0.0.1 that was free a moment ago. */
static uint16_t free_port(void)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(sin);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&sin, len), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&sin, &len), 0);
	close(fd);
	return ntohs(sin.sin_port);
}

static int set_up(void **state)
{
	struct xv_err err;

	(void)state;
	memset(&model, 0, sizeof(model));
	memset(&dp.fd, 0xff, sizeof(dp.fd));
	dp.cpus = 2;
	dp.cpu_ids = 2;
	dp.stats = stats;
	stats[0].drop[XV_DROP_VXLAN_VNI_NOT_FOUND].packets = 2;
	stats[1].drop[XV_DROP_VXLAN_VNI_NOT_FOUND].packets = 3;
	strcpy(model.name, "test");
	config.metrics = true;
	strcpy(config.listen_host, "127.0.0.1");
	config.listen_port = free_port();
	model.config = &config;
	model.dp = &dp;
	model.base = event_base_new();
	assert_int_equal(
		xv_table_open_memory(&fdb_memory, XV_TABLE_MIN_BUCKETS, NULL, &fdb.table, &err), 0);
	model.macs = &fdb;
	model.by_bd = calloc(XV_MAX_NETWORKS, sizeof(*model.by_bd));
	model.port_by_id = calloc(XV_MAX_PORTS, sizeof(*model.port_by_id));
	model.peer_by_id = calloc(XV_MAX_PEERS, sizeof(*model.peer_by_id));
	memset(&net, 0, sizeof(net));
	net.vni = 100;
	net.bd = 1;
	net.learned = 7;
	strcpy(net.set.name, "blue");
	model.by_bd[1] = &net;
	HASH_ADD(hh, model.networks, vni, sizeof(net.vni), &net);
	return xv_metrics_apply(&about, &metrics, &config, &err);
}

static int tear_down(void **state)
{
	(void)state;
	xv_metrics_stop(metrics);
	metrics = NULL;
	event_base_free(model.base);
	HASH_CLEAR(hh, model.networks);
	xv_table_close(fdb.table);
	free(model.by_bd);
	free(model.port_by_id);
	free(model.peer_by_id);
	return 0;
}

static int client(void)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	sin.sin_port = htons(config.listen_port);
	assert_int_equal(connect(fd, (struct sockaddr *)&sin, sizeof(sin)), 0);
	return fd;
}

/* Sends a request and reads until the server closes. */
static const char *ask(const char *request)
{
	static char answer[ANSWER_MAX];
	time_t until = time(NULL) + PATIENCE;
	size_t used = 0;
	int fd = client();
	ssize_t n;

	assert_int_equal(send(fd, request, strlen(request), 0), strlen(request));
	for (;;) {
		assert_true(time(NULL) <= until);
		event_base_loop(model.base, EVLOOP_NONBLOCK);
		n = recv(fd, answer + used, sizeof(answer) - 1 - used, MSG_DONTWAIT);
		if (!n || (n < 0 && errno != EAGAIN))
			break;
		used += n > 0 ? n : 0;
	}
	close(fd);
	answer[used] = '\0';
	return answer;
}

static void test_get(void **state)
{
	const char *answer = ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");

	(void)state;
	assert_memory_equal(answer, "HTTP/1.1 200 OK\r\n", 17);
	assert_non_null(
		strstr(answer, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
	assert_non_null(strstr(answer, "\nxvtep_info{name=\"test\"} 1\n"));
	assert_non_null(strstr(answer, "\nxvtep_networks{name=\"test\"} 1\n"));
	assert_non_null(strstr(answer,
			       "# TYPE xvtep_network_learned_macs gauge\n"
			       "xvtep_network_learned_macs{vni=\"100\",network=\"blue\"} 7\n"));
	assert_non_null(
		strstr(answer, "\nxvtep_drop_packets_total{reason=\"vxlan_vni_not_found\"} 5\n"));
	assert_int_equal(answer[strlen(answer) - 1], '\n');
}

static void test_refusals(void **state)
{
	static const struct {
		const char *request, *status;
	} cases[] = {
		{"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 "},
		{"GET /metrics/x HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 404 "},
		{"GET /metrics?a=b HTTP/1.0\r\n\r\n", "HTTP/1.0 200 "},
		{"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx",
		 "HTTP/1.1 405 "},
		{"PUT /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 405 "},
		{"HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405 "},
		{"POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n",
		 "HTTP/1.1 413 "},
		{"FROB /metrics HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 405 "},
		{"\xff\xff\r\n\r\n", "HTTP/1.1 400 "},
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *answer = ask(cases[i].request);

		if (strncmp(answer, cases[i].status, strlen(cases[i].status)))
			fail_msg("%s: got \"%s\", want %s", cases[i].request, answer,
				 cases[i].status);
	}
}

static void test_long_headers(void **state)
{
	char request[20000] = "GET /metrics HTTP/1.1\r\nX: ";
	size_t head = strlen(request);
	const char *answer;

	(void)state;
	memset(request + head, 'x', sizeof(request) - head - 1);
	strcpy(request + sizeof(request) - 5, "\r\n\r\n");
	answer = ask(request);
	assert_null(strstr(answer, "200 OK"));
}

/* More connections than a collector would make wait, instead of taking all file descriptors. */
static void test_many(void **state)
{
	enum { TRIED = 300, TAKEN = 256, HIGHEST = 1000 };
	int fds[TRIED], i, mine = 0, all = 0;

	(void)state;
	for (i = 0; i < HIGHEST; i++)
		mine -= fcntl(i, F_GETFD) >= 0;
	for (i = 0; i < TRIED; i++) {
		fds[i] = client();
		event_base_loop(model.base, EVLOOP_NONBLOCK);
	}
	for (i = 0; i < HIGHEST; i++)
		all += fcntl(i, F_GETFD) >= 0;
	assert_int_equal(all + mine - TRIED, TAKEN);
	for (i = 0; i < TRIED; i++)
		close(fds[i]);
}

/* Whether the other end has closed, after a byte of a request more. */
static bool is_over(int fd)
{
	char byte;

	return send(fd, "G", 1, MSG_NOSIGNAL) < 0 || !recv(fd, &byte, 1, MSG_DONTWAIT);
}

/* A request that comes by a byte now and then ends when its time is up, and others are served. */
static void test_trickle(void **state)
{
	enum { CLIENTS = 256, DEADLINE = 20, STEP_US = 200000 };
	static const char get[] = "GET /metrics HTTP/1.0\r\n\r\n";
	time_t start = time(NULL);
	int fds[CLIENTS], i, over = 0;

	(void)state;
	for (i = 0; i < CLIENTS; i++) {
		fds[i] = client();
		event_base_loop(model.base, EVLOOP_NONBLOCK);
	}
	while (over < CLIENTS && time(NULL) - start < DEADLINE + PATIENCE) {
		event_base_loop(model.base, EVLOOP_NONBLOCK);
		usleep(STEP_US);
		for (i = 0; i < CLIENTS; i++) {
			if (fds[i] < 0 || !is_over(fds[i]))
				continue;
			close(fds[i]);
			fds[i] = -1;
			over++;
		}
	}
	assert_int_equal(over, CLIENTS);
	assert_true(time(NULL) - start >= DEADLINE - 1);
	assert_memory_equal(ask(get), "HTTP/1.0 200", 12);
}

/* Lines of the log while the loop runs for some time, and the CPU seconds that took. */
static size_t log_lines(FILE *log, int was, unsigned int turns, double *cpu)
{
	size_t lines = 0;
	clock_t start;
	int c;

	dup2(fileno(log), STDERR_FILENO);
	start = clock();
	while (turns--) {
		event_base_loop(model.base, EVLOOP_NONBLOCK);
		usleep(1000);
	}
	*cpu = (double)(clock() - start) / CLOCKS_PER_SEC;
	dup2(was, STDERR_FILENO);
	rewind(log);
	while ((c = getc(log)) != EOF)
		lines += c == '\n';
	return lines;
}

/* No file descriptor is free: one line, no spinning; when there is one, who waited is served. */
static void test_no_descriptors(void **state)
{
	static const char get[] = "GET /metrics HTTP/1.0\r\n\r\n";
	int fd = client(), full[256], n = 0, i;
	struct rlimit limit, was;
	FILE *log = tmpfile();
	int error = dup(STDERR_FILENO);
	char answer[16] = "";
	size_t lines;
	double cpu;

	(void)state;
	assert_non_null(log);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	limit = (struct rlimit){.rlim_cur = 256, .rlim_max = was.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	while (n < 256 && (full[n] = dup(STDIN_FILENO)) >= 0)
		n++;
	assert_true(n > 3 && n < 256);
	assert_true(send(fd, get, strlen(get), 0) > 0);
	lines = log_lines(log, error, 2500, &cpu);
	assert_true(lines <= 2);
	assert_true(cpu < 1);
	while (n)
		close(full[--n]);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	for (i = 0; i < 3000 && recv(fd, answer, 12, MSG_DONTWAIT) != 12; i++) {
		event_base_loop(model.base, EVLOOP_NONBLOCK);
		usleep(1000);
	}
	assert_string_equal(answer, "HTTP/1.0 200");
	close(fd);
	close(error);
	fclose(log);
}

static void test_bind(void **state)
{
	struct xv_metrics *first = metrics;
	struct xv_err err;

	(void)state;
	metrics = NULL;
	assert_int_equal(xv_metrics_apply(&about, &metrics, &config, &err), -EADDRINUSE);
	assert_non_null(strstr(err.text, "metrics.listen: cannot listen on 127.0.0.1 port"));
	assert_non_null(strstr(err.text, "Address already in use"));
	assert_null(metrics);
	strcpy(config.listen_host, "192.0.2.1");
	assert_int_equal(xv_metrics_apply(&about, &metrics, &config, &err), -EADDRNOTAVAIL);
	assert_non_null(strstr(err.text, "192.0.2.1"));
	config.metrics = false;
	assert_int_equal(xv_metrics_apply(&about, &metrics, &config, &err), 0);
	assert_null(metrics);
	metrics = first;
}

/* Moving to an address that is taken leaves the endpoint where it was; a wider one can be had. */
static void test_move(void **state)
{
	static const char get[] = "GET /metrics HTTP/1.0\r\n\r\n";
	struct xv_config other = config;
	struct xv_metrics *first = metrics;
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int taken = socket(AF_INET, SOCK_STREAM, 0);
	struct xv_err err;

	(void)state;
	assert_int_equal(xv_metrics_apply(&about, &metrics, &config, &err), 0);
	assert_ptr_equal(metrics, first);
	other.listen_port = free_port();
	sin.sin_port = htons(other.listen_port);
	assert_int_equal(bind(taken, (struct sockaddr *)&sin, sizeof(sin)), 0);
	assert_int_equal(listen(taken, 1), 0);
	assert_int_equal(xv_metrics_apply(&about, &metrics, &other, &err), -EADDRINUSE);
	assert_ptr_equal(metrics, first);
	assert_memory_equal(ask(get), "HTTP/1.0 200", 12);
	close(taken);

	assert_int_equal(xv_metrics_apply(&about, &metrics, &other, &err), 0);
	config.listen_port = other.listen_port;
	assert_memory_equal(ask(get), "HTTP/1.0 200", 12);
	strcpy(other.listen_host, "0.0.0.0");
	assert_int_equal(xv_metrics_apply(&about, &metrics, &other, &err), 0);
	assert_memory_equal(ask(get), "HTTP/1.0 200", 12);
	other.metrics = false;
	assert_int_equal(xv_metrics_apply(&about, &metrics, &other, &err), 0);
	assert_null(metrics);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_get),	 TEST(test_refusals), TEST(test_long_headers),
		TEST(test_many), TEST(test_trickle),  TEST(test_no_descriptors),
		TEST(test_bind), TEST(test_move),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
