/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control socket with clients that behave and clients that do not. The server and its clients
 * run in one event loop, without root: an instance that holds networks and nothing else.
 */
#include <errno.h>
#include <event2/buffer.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

#include "serve/control.h"
#include "turn.h"

enum {
	NETWORKS = 3000, /* several lines of rows */
	PATIENCE = 10,	 /* seconds until a test has failed */
	ANSWER_MAX = 8 << 20,
};

static char run_dir[64];
static struct xv_model model;
static struct xv_about about = {.model = &model};
static struct xv_service service = {.model = &model};
static struct xv_control *control;
static struct xv_network *networks;

static void stop_control(void)
{
	xv_control_stop(control);
	control = NULL;
}

static int start_control(struct xv_err *err)
{
	return xv_control_start(&about, &service, &control, err) ?: xv_control_listen(control, err);
}

static int set_up(void **state)
{
	struct xv_err err;
	uint32_t bd;

	(void)state;
	memset(&model, 0, sizeof(model));
	strcpy(model.name, "test");
	model.base = event_base_new();
	model.by_bd = calloc(XV_MAX_NETWORKS, sizeof(*model.by_bd));
	networks = calloc(NETWORKS + 1, sizeof(*networks));
	for (bd = 1; bd <= NETWORKS; bd++) {
		networks[bd].vni = bd + 100;
		networks[bd].bd = bd;
		snprintf(networks[bd].set.name, sizeof(networks[bd].set.name), "net%u", bd);
		model.by_bd[bd] = &networks[bd];
		HASH_ADD(hh, model.networks, vni, sizeof(networks[bd].vni), &networks[bd]);
	}
	return start_control(&err);
}

static int tear_down(void **state)
{
	(void)state;
	stop_control();
	xv_turn_stop();
	event_base_free(model.base);
	HASH_CLEAR(hh, model.networks);
	free(model.by_bd);
	free(networks);
	return 0;
}

static void socket_path(struct sockaddr_un *sun)
{
	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	snprintf(sun->sun_path, sizeof(sun->sun_path), "%s/test/control.sock", run_dir);
}

static int client(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_un sun;

	socket_path(&sun);
	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	return fd;
}

static time_t deadline(void)
{
	return time(NULL) + PATIENCE;
}

static void turn(time_t until)
{
	assert_true(time(NULL) <= until);
	event_base_loop(model.base, EVLOOP_NONBLOCK);
}

/* Sends everything, the server running meanwhile. False if the server hung up. */
static bool give(int fd, const char *bytes, size_t len)
{
	time_t until = deadline();
	ssize_t n;

	while (len) {
		n = send(fd, bytes, len, MSG_NOSIGNAL);
		if (n < 0 && errno != EAGAIN)
			return false;
		if (n > 0) {
			bytes += n;
			len -= n;
		}
		turn(until);
	}
	return true;
}

static void give_text(int fd, const char *text)
{
	assert_true(give(fd, text, strlen(text)));
}

/* Reads until the answer holds `lines` newlines, or with 0 lines until the server hangs up. */
static char *take(int fd, int lines)
{
	static char answer[ANSWER_MAX];
	time_t until = deadline();
	size_t used = 0, i;
	ssize_t n;
	int seen;

	for (;;) {
		n = recv(fd, answer + used, sizeof(answer) - 1 - used, 0);
		if (!n)
			break;
		if (n > 0)
			used += n;
		for (i = 0, seen = 0; i < used; i++)
			seen += answer[i] == '\n';
		if (lines && seen >= lines)
			break;
		if (n < 0 && errno != EAGAIN)
			break;
		turn(until);
	}
	answer[used] = '\0';
	return answer;
}

static void expect_error(int fd, const char *text)
{
	char *answer = take(fd, 1);
	json_t *root = json_loads(answer, 0, NULL);
	const char *error = json_string_value(json_object_get(root, "error"));

	if (!json_is_false(json_object_get(root, "ok")) || !error || !strstr(error, text))
		fail_msg("got \"%s\", want an error with \"%s\"", answer, text);
	assert_true(json_is_string(json_object_get(root, "code")));
	json_decref(root);
}

/* One network, in one line. */
static void expect_network(int fd, const char *name)
{
	char *answer = take(fd, 1);
	json_t *root = json_loads(answer, 0, NULL);
	json_t *row = json_array_get(json_object_get(root, "data"), 0);

	assert_non_null(root);
	assert_true(json_is_true(json_object_get(root, "ok")));
	assert_null(json_object_get(root, "more"));
	assert_string_equal(json_string_value(json_object_get(root, "table")), "network");
	assert_string_equal(json_string_value(json_object_get(row, "name")), name);
	assert_int_equal(json_object_size(row), xv_tables[XV_TABLE_NETWORK].n_columns);
	json_decref(root);
}

static const char ask_net7[] =
	"{\"object\":\"network\",\"command\":\"show\",\"args\":{\"network\":\"net7\"}}\n";

static void test_answers(void **state)
{
	int fd = client();
	struct stat st;
	struct sockaddr_un sun;

	(void)state;
	socket_path(&sun);
	assert_int_equal(stat(sun.sun_path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0660);
	give_text(fd, ask_net7);
	expect_network(fd, "net7");
	/* By VNI; the connection serves any number of requests. */
	give_text(fd, "{\"object\":\"network\",\"args\":{\"network\":\"108\"}}\n");
	expect_network(fd, "net8");
	give_text(fd, "{\"object\":\"network\",\"args\":{\"network\":\"nosuch\"}}\n");
	expect_error(fd, "there is no network \"nosuch\"");
	close(fd);
}

static void test_garbage(void **state)
{
	static const struct {
		const char *line, *error;
	} cases[] = {
		{"\n", "the request is not JSON"},
		{"GET / HTTP/1.1\r\n", "the request is not JSON"},
		{"\xff\xfe\x80\n", "the request is not JSON"},
		{"[1,2\n", "the request is not JSON"},
		{"{\"object\":\"\\ud800\"}\n", "the request is not JSON"},
		{"{\"object\":\"frob\"}\n", "unknown object \"frob\""},
		{"{\"object\":\"fdb\",\"command\":\"flush\",\"args\":{\"vlan\":3}}\n",
		 "\"vlan\" needs a device beside it"},
	};
	int fd = client();
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		give_text(fd, cases[i].line);
		expect_error(fd, cases[i].error);
	}
	assert_true(give(fd, "\0{}\n", 4));
	expect_error(fd, "the request is not JSON");
	give_text(fd, ask_net7);
	expect_network(fd, "net7");
	close(fd);
}

/* A line may come byte by byte, or many at once: framing is by newlines alone. */
static void test_framing(void **state)
{
	int fd = client(), i;
	char many[20 * sizeof(ask_net7)] = "";
	const char *p;

	(void)state;
	for (p = ask_net7; *p; p++)
		assert_true(give(fd, p, 1));
	expect_network(fd, "net7");
	for (i = 0; i < 10; i++)
		strcat(many, ask_net7);
	give_text(fd, many);
	p = take(fd, 10);
	for (i = 0; i < 10; i++) {
		assert_memory_equal(p, "{\"ok\":true,\"table\":\"network\"", 28);
		p = strchr(p, '\n') + 1;
	}
	assert_int_equal(*p, '\0');
	close(fd);
}

/* Half a close after whole lines is served; half a line is refused; both end the connection. */
static void test_half(void **state)
{
	int fd = client();
	char *answer;

	(void)state;
	give_text(fd, ask_net7);
	shutdown(fd, SHUT_WR);
	answer = take(fd, 0);
	assert_non_null(strstr(answer, "\"name\":\"net7\""));
	close(fd);
	fd = client();
	give_text(fd, "{\"object\":\"status\"}");
	shutdown(fd, SHUT_WR);
	answer = take(fd, 0);
	assert_non_null(strstr(answer, "does not end with a newline"));
	close(fd);
	assert_int_equal(control->conns.n, 0);
}

/* Many rows: lines of a batch each, "more" on all but the last, every row once and in order. */
static void check_rows(const char *answer)
{
	size_t n = 0, i;
	bool more = true;
	const char *end;
	char name[32];
	json_t *root, *row;

	for (; more; answer = end + 1) {
		end = strchr(answer, '\n');
		assert_non_null(end);
		root = json_loadb(answer, end - answer, 0, NULL);
		assert_non_null(root);
		json_array_foreach(json_object_get(root, "data"), i, row)
		{
			snprintf(name, sizeof(name), "net%zu", ++n);
			assert_string_equal(json_string_value(json_object_get(row, "name")), name);
		}
		assert_in_range(i, 0, XV_CONTROL_BATCH);
		more = json_is_true(json_object_get(root, "more"));
		json_decref(root);
	}
	assert_int_equal(n, NETWORKS);
	assert_int_equal(*answer, '\0');
}

static void test_rows(void **state)
{
	int fd = client();

	(void)state;
	give_text(fd, "{\"object\":\"network\"}\n");
	check_rows(take(fd, (NETWORKS + XV_CONTROL_BATCH) / XV_CONTROL_BATCH));
	close(fd);
}

/* A client that does not read gets rows made up to the watermark, no more; later it gets the rest.
 */
static void test_slow_reader(void **state)
{
	int fd = client(), other, i;
	struct evbuffer *out;

	(void)state;
	give_text(fd, "{\"object\":\"network\"}\n");
	for (i = 0; i < 1000; i++)
		turn(deadline());
	out = bufferevent_get_output(control->conns.first->bev);
	assert_true(control->conns.first->answer.open);
	assert_in_range(evbuffer_get_length(out), 1, XV_CONTROL_OUTPUT + XV_CONTROL_BATCH * 1024);
	/* Another client is served meanwhile. */
	other = client();
	give_text(other, ask_net7);
	expect_network(other, "net7");
	close(other);
	check_rows(take(fd, (NETWORKS + XV_CONTROL_BATCH) / XV_CONTROL_BATCH));
	close(fd);
}

/* A client that goes away in the middle of an answer takes nothing with it. */
static void test_vanishing(void **state)
{
	time_t until = deadline();
	int fd, i;

	(void)state;
	for (i = 0; i < 20; i++) {
		fd = client();
		give_text(fd, i & 1 ? "{\"object\":\"network\"}\n" : "{\"object\":");
		close(fd);
	}
	while (control->conns.n)
		turn(until);
	fd = client();
	give_text(fd, ask_net7);
	expect_network(fd, "net7");
	close(fd);
}

static void test_many_clients(void **state)
{
	int fds[XV_CONTROL_CLIENTS], fd, i;
	time_t until = deadline();

	(void)state;
	for (i = 0; i < XV_CONTROL_CLIENTS; i++) {
		fds[i] = client();
		turn(until);
	}
	while (control->conns.n < XV_CONTROL_CLIENTS)
		turn(until);
	fd = client();
	turn(until);
	give_text(fd, ask_net7); /* too late, and not answered */
	expect_error(fd, "too many clients");
	assert_string_equal(take(fd, 0), "");
	close(fd);
	close(fds[0]);
	while (control->conns.n >= XV_CONTROL_CLIENTS)
		turn(until);
	fds[0] = client();
	give_text(fds[0], ask_net7);
	expect_network(fds[0], "net7");
	for (i = 0; i < XV_CONTROL_CLIENTS; i++)
		close(fds[i]);
}

/*
 * A line longer than any request is refused while it still comes in. The client may send all of it
 * before it reads why; what it has sent is forgotten, and never taken for requests.
 */
static void test_huge_line(void **state)
{
	size_t chunk = 1 << 20, sent = 0;
	char *bytes = malloc(chunk);
	int fd = client();

	(void)state;
	memset(bytes, 'x', chunk);
	for (; sent < XV_CONTROL_LINE + 16 * chunk; sent += chunk)
		assert_true(give(fd, bytes, chunk));
	give_text(fd, "\n");
	give_text(fd, ask_net7);
	expect_error(fd, "at most 192 MiB");
	assert_string_equal(take(fd, 0), "");
	close(fd);
	free(bytes);
}

/* A large request is taken: one argument of some megabytes that is then refused for its name. */
static void test_large_line(void **state)
{
	static const char head[] =
		"{\"object\":\"check\",\"args\":{\"file\":\"big.yaml\",\"text\":\"";
	size_t size = 8 << 20;
	char *bytes = malloc(size);
	int fd = client();

	(void)state;
	memset(bytes, 'x', size);
	give_text(fd, head);
	assert_true(give(fd, bytes, size));
	give_text(fd, "\"}}\n");
	expect_error(fd, "big.yaml:1:");
	close(fd);
	free(bytes);
}

/* What is in the way of the socket: a dead one is replaced, anything else is refused by name. */
static void test_stale(void **state)
{
	struct xv_control *first;
	struct sockaddr_un sun;
	struct xv_err err;
	int fd;

	(void)state;
	socket_path(&sun);
	first = control;
	assert_int_equal(start_control(&err), -EADDRINUSE);
	assert_non_null(strstr(err.text, "is served by another process"));
	assert_ptr_equal(control, first);
	stop_control();
	assert_int_equal(access(sun.sun_path, F_OK), -1);

	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	close(fd);
	assert_int_equal(start_control(&err), 0);
	stop_control();

	fd = open(sun.sun_path, O_CREAT | O_WRONLY, 0600);
	close(fd);
	assert_int_equal(start_control(&err), -EEXIST);
	assert_non_null(strstr(err.text, "control.sock is in the way and not a socket"));
	assert_int_equal(access(sun.sun_path, F_OK), 0);
	unlink(sun.sun_path);
	assert_int_equal(start_control(&err), 0);
}

/* What the client does takes that many seconds more; then the control socket is looked at. */
static void pass(struct xv_conn *conn, uint64_t seconds)
{
	xv_control_second(control);
	conn->pace.began -= (time_t)seconds;
	xv_control_second(control);
}

/* A byte now and then is no progress; a reader that takes enough is never cut. */
static void test_trickling_reader(void **state)
{
	int fd = client(), i;
	struct xv_conn *conn;

	(void)state;
	for (i = 0; i < 8; i++)
		give_text(fd, "{\"object\":\"network\",\"command\":\"show\"}\n");
	conn = control->conns.first;
	assert_true(conn->answer.open);
	pass(conn, XV_CONTROL_IDLE);
	assert_int_equal(control->conns.n, 1);
	assert_int_equal(conn->pace.moved, 0);
	/* The kernel's buffer has room when most of it is read. */
	take(fd, 7);
	assert_true(conn->pace.moved > 64 << 10);
	conn->pace.began = 0;
	xv_control_second(control);
	conn->pace.moved = 100 * XV_CONTROL_RATE;
	pass(conn, XV_CONTROL_IDLE + 100);
	assert_int_equal(control->conns.n, 1);
	pass(conn, 1);
	assert_int_equal(control->conns.n, 0);
	close(fd);
}

/* Nobody waits for more than the next request: that is what the idle limit is for. */
static void test_patient_client(void **state)
{
	int fd = client();

	(void)state;
	give_text(fd, ask_net7);
	expect_network(fd, "net7");
	xv_control_second(control);
	assert_int_equal(control->conns.first->pace.began, 0);
	give_text(fd, ask_net7);
	expect_network(fd, "net7");
	close(fd);
}

/* Refused, it goes on sending, which sets the idle limit back each time. */
static void test_trickling_sender(void **state)
{
	int fd = client();
	struct xv_conn *conn;

	(void)state;
	give_text(fd, "{");
	conn = control->conns.first;
	conn->since -= XV_CONTROL_REQUEST + 1;
	give_text(fd, " ");
	expect_error(fd, "the request did not come within 120 s");
	assert_true(conn->closing);
	give_text(fd, " ");
	pass(conn, XV_CONTROL_IDLE);
	give_text(fd, " ");
	assert_int_equal(control->conns.n, 1);
	pass(conn, 1);
	assert_int_equal(control->conns.n, 0);
	close(fd);
}

/* A load that comes by a byte now and then. */
static void test_trickling_load(void **state)
{
	struct xv_datapath dp = {.fd.fdb = -1};
	int fd = client();
	struct xv_conn *conn;

	(void)state;
	model.dp = &dp;
	give_text(fd, "{\"object\":\"fdb\",\"command\":\"load\",\"args\":{\"file\":\"f\"}}\n");
	assert_non_null(strstr(take(fd, 1), "\"more\":true"));
	conn = control->conns.first;
	assert_non_null(conn->loading.load);
	xv_control_second(control);
	give_text(fd, "1000\n#");
	assert_int_equal(conn->pace.moved, 6);
	pass(conn, XV_CONTROL_IDLE);
	assert_int_equal(control->conns.n, 1);
	pass(conn, 1);
	assert_int_equal(control->conns.n, 0);
	assert_int_equal(control->conns.n_loads, 0);
	close(fd);
}

static int make_run_dir(void **state)
{
	(void)state;
	strcpy(run_dir, "/tmp/xvtep-test-XXXXXX");
	if (!mkdtemp(run_dir))
		return -1;
	return setenv("XVTEP_RUN_DIR", run_dir, 1);
}

static int remove_run_dir(void **state)
{
	char path[128];

	(void)state;
	snprintf(path, sizeof(path), "%s/test", run_dir);
	return rmdir(path) || rmdir(run_dir) ? -1 : 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_answers),	   TEST(test_garbage),
		TEST(test_framing),	   TEST(test_half),
		TEST(test_rows),	   TEST(test_slow_reader),
		TEST(test_vanishing),	   TEST(test_huge_line),
		TEST(test_many_clients),   TEST(test_large_line),
		TEST(test_stale),	   TEST(test_trickling_reader),
		TEST(test_patient_client), TEST(test_trickling_sender),
		TEST(test_trickling_load),
	};

	return cmocka_run_group_tests(tests, make_run_dir, remove_run_dir);
}
