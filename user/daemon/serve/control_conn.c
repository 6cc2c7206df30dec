/* SPDX-License-Identifier: GPL-2.0-only */
/* One client of the control socket: see control_conn.h. */
#include <errno.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "clock.h"
#include "kernel/worker.h"
#include "log.h"
#include "serve/control_conn.h"
#include "turn.h"

static void put(struct evbuffer *out, const char *text)
{
	evbuffer_add(out, text, strlen(text));
}

static void put_json(struct xv_conn *conn, json_t *answer)
{
	struct evbuffer *out = bufferevent_get_output(conn->bev);
	char *text = answer ? json_dumps(answer, JSON_COMPACT) : NULL;

	put(out, text ? text : "{\"ok\":false,\"error\":\"out of memory\",\"code\":\"ENOMEM\"}");
	put(out, "\n");
	free(text);
	json_decref(answer);
}

/* Error texts quote what came in, so they may hold anything: bytes that are not UTF-8 become "?".
 */
static void put_error(struct xv_conn *conn, int code, const char *error)
{
	const char *name = strerrorname_np(-code);
	char text[sizeof(conn->answer.call.err.text)];
	size_t len, i;

	snprintf(text, sizeof(text), "%s", error);
	for (i = 0; text[i]; i += len ? len : 1) {
		len = xv_utf8_length(&text[i]);
		if (!len)
			text[i] = '?';
	}
	put_json(conn,
		 json_pack("{s:b,s:s,s:s}", "ok", 0, "error", text, "code", name ? name : "EIO"));
}

/*
 * A client that is still sending must not find the socket closed before it has come to read the
 * answer: what it sends is thrown away until it has ended, or is idle.
 */
static void finish(struct xv_conn *conn)
{
	struct evbuffer *in = bufferevent_get_input(conn->bev);

	if (!conn->closing)
		conn->pace.began = 0; /* what it read before gives it no more time */
	conn->closing = true;
	evbuffer_drain(in, evbuffer_get_length(in));
	if (evbuffer_get_length(bufferevent_get_output(conn->bev)))
		return;
	if (conn->eof)
		xv_conn_free(conn);
	else
		shutdown(bufferevent_getfd(conn->bev), SHUT_WR);
}

void xv_conn_refuse(struct xv_conn *conn, int code, const char *error)
{
	put_error(conn, code, error);
	finish(conn);
}

/* What changes something, or would have. */
static void log_request(const struct xv_request *request, int ret, const char *error)
{
	char text[512];

	xv_request_format(request, text, sizeof(text));
	if (ret)
		xv_log(LOG_NOTICE, "control socket: %s: refused: %s", text, error);
	else
		xv_log(LOG_INFO, "control socket: %s", text);
}

/* A request that may change something: it is work in turns, as it may take long. */
struct xv_conn_work {
	struct xv_conn *conn; /* NULL: gone meanwhile */
	struct xv_service *service;
	char *line; /* a large request that is not parsed yet; NULL: it is */
	size_t len;
	struct xv_request request;
	struct xv_call call;
	int ret;
	bool late; /* the client's turn was over before it was done */
};

static void go_on(struct xv_conn *conn);

static void on_loaded(void *arg, int ret, size_t entries, const struct xv_err *err)
{
	struct xv_conn *conn = arg;

	xv_log(LOG_INFO, "control socket: fdb load: %s", ret ? err->text : "done");
	if (ret)
		put_error(conn, ret, err->text);
	else
		put_json(conn, json_pack("{s:b,s:{s:I}}", "ok", 1, "data", "loaded",
					 (json_int_t)entries));
	go_on(conn);
}

static void start_load(struct xv_conn *conn, struct xv_load *load)
{
	struct xv_err err;
	int ret = xv_control_load_start(&conn->loading, load, &conn->conns->n_loads, on_loaded,
					conn, &err);

	if (ret)
		put_error(conn, ret, err.text);
	else
		put_json(conn, json_pack("{s:b,s:b}", "ok", 1, "more", 1));
}

/* Takes what is there of a load. False: no more until input or the end comes. May free conn. */
static bool feed_load(struct xv_conn *conn)
{
	struct xv_err err = {.text = "out of memory"};
	int ret = xv_control_load_feed(&conn->loading, bufferevent_get_input(conn->bev), conn->eof,
				       &err);

	if (ret < 0) {
		xv_control_load_drop(&conn->loading);
		xv_conn_refuse(conn, ret, err.text);
	}
	return ret > 0;
}

static void free_json(const void *json, size_t len, void *arg)
{
	(void)len;
	(void)arg;
	free((void *)json);
}

/* Answers with the text of a large JSON value, which is not copied: its ownership passes. */
static void put_large(struct xv_conn *conn, char *json)
{
	struct evbuffer *out = bufferevent_get_output(conn->bev);

	put(out, "{\"ok\":true,\"data\":");
	if (evbuffer_add_reference(out, json, strlen(json), free_json, NULL)) {
		free(json);
		put(out, "null");
	}
	put(out, "}\n");
}

/* Answers what needs no tables. */
static void put_answer(struct xv_conn *conn, int ret, struct xv_call *call)
{
	if (ret)
		put_error(conn, ret, call->err.text);
	else if (call->load)
		start_load(conn, call->load);
	else if (call->json)
		put_large(conn, call->json);
	else
		put_json(conn, json_pack("{s:b,s:O?}", "ok", 1, "data", call->data));
}

/* Parses a request of many megabytes, which takes a second. */
static void parse_line(void *arg)
{
	struct xv_conn_work *work = arg;
	struct xv_err *err = &work->call.err;

	work->ret = xv_request_parse(work->line, work->len, &work->request, err);
	free(work->line);
	if (work->ret || strcmp(work->request.command->name, "show"))
		return;
	xv_request_free(&work->request);
	work->ret = xv_err_set(err, -EMSGSIZE, "a request to show something has at most %d bytes",
			       XV_CONTROL_SMALL);
}

static int run_request(struct xv_conn_work *work)
{
	int ret;

	if (work->line) {
		xv_turn_tell("reading the request", 0, 0);
		xv_worker_run(parse_line, work);
	}
	if (work->ret)
		return work->ret;
	ret = xv_ops_run(work->service, &work->request, &work->call);
	log_request(&work->request, ret, work->call.err.text);
	return ret;
}

static void run_work(void *arg)
{
	struct xv_conn_work *work = arg;
	struct xv_conn *conn;
	int ret = run_request(work);

	conn = work->conn; /* it may have gone meanwhile */
	if (conn) {
		conn->work = NULL;
		put_answer(conn, ret, &work->call);
	} else {
		xv_load_free(work->call.load);
		free(work->call.json);
	}
	json_decref(work->call.data);
	xv_request_free(&work->request);
	if (conn && work->late)
		go_on(conn);
	free(work);
}

/* Ownership passes of the request, or, if it is not parsed yet, of the line. */
static void begin_work(struct xv_conn *conn, struct xv_request *request, char *line, size_t len)
{
	struct xv_conn_work *work = calloc(1, sizeof(*work));

	if (work) {
		work->conn = conn;
		work->service = conn->conns->service;
		work->request = *request;
		work->line = line;
		work->len = len;
		conn->work = work;
		if (!xv_turn_begin(conn->conns->about->model->base, run_work, work)) {
			if (conn->work)
				work->late = true;
			return;
		}
		conn->work = NULL;
		free(work);
	}
	xv_request_free(request);
	free(line);
	put_error(conn, -ENOMEM, "out of memory");
}

static void answer(struct xv_conn *conn, const char *line, size_t len)
{
	struct xv_request request;
	struct xv_call *call = &conn->answer.call;
	struct xv_err err = {.text = ""};
	int ret;

	ret = xv_request_parse(line, len, &request, &err);
	if (ret) {
		put_error(conn, ret, err.text);
		return;
	}
	if (strcmp(request.command->name, "show")) {
		begin_work(conn, &request, NULL, 0);
		return;
	}
	ret = xv_ops_run(conn->conns->service, &request, call);
	call->args = NULL; /* nothing may look at them once the request is gone */
	if (!ret && call->n_tables)
		ret = xv_control_answer_start(&conn->answer, conn->conns->about,
					      &conn->conns->n_copies, &call->err);
	if (ret)
		put_error(conn, ret, call->err.text);
	xv_request_free(&request);
}

/* The next whole line of the input, without its newline; NULL: none yet. The caller frees. */
static char *next_line(struct xv_conn *conn, size_t *len)
{
	struct evbuffer *in = bufferevent_get_input(conn->bev);
	struct evbuffer_ptr from, end;
	size_t have = evbuffer_get_length(in);
	char *line;

	/* A long line comes in many pieces: each byte is looked at once. */
	evbuffer_ptr_set(in, &from, conn->scanned, EVBUFFER_PTR_SET);
	end = evbuffer_search(in, "\n", 1, conn->scanned ? &from : NULL);
	if (end.pos < 0) {
		conn->scanned = have;
		return NULL;
	}
	*len = end.pos;
	line = malloc(*len + 1);
	if (!line) {
		evbuffer_drain(in, *len + 1);
		*len = 0;
		line = calloc(1, 1);
	} else {
		evbuffer_remove(in, line, *len + 1);
		line[*len] = '\0';
	}
	conn->scanned = 0;
	conn->since = 0;
	return line;
}

static size_t pending_bytes(const struct xv_conns *conns)
{
	const struct xv_conn *conn;
	size_t sum = 0;

	for (conn = conns->first; conn; conn = conn->next)
		sum += evbuffer_get_length(bufferevent_get_input(conn->bev));
	return sum;
}

/* Whether half a request has been there for too long; it may come by a byte now and then. */
static bool trickles(struct xv_conn *conn, size_t rest)
{
	time_t now = xv_clock_run();

	if (rest && !conn->since)
		conn->since = now;
	return rest && now - conn->since > XV_CONTROL_REQUEST;
}

/* What is left of the input holds no whole line. May free conn. */
static void check_rest(struct xv_conn *conn)
{
	size_t rest = evbuffer_get_length(bufferevent_get_input(conn->bev));
	char text[96];

	if (rest > XV_CONTROL_LINE) {
		snprintf(text, sizeof(text), "a request has at most %d MiB", XV_REQUEST_MIB);
		xv_conn_refuse(conn, -EMSGSIZE, text);
	} else if (pending_bytes(conn->conns) > XV_CONTROL_PENDING) {
		snprintf(text, sizeof(text),
			 "clients have sent more than %d MiB that is not answered yet: try again",
			 XV_CONTROL_PENDING_MIB);
		xv_conn_refuse(conn, -ENOBUFS, text);
	} else if (trickles(conn, rest)) {
		xv_conn_refuse(conn, -ETIMEDOUT, "the request did not come within 120 s");
	} else if (conn->eof && rest) {
		xv_conn_refuse(conn, -EBADMSG, "the request does not end with a newline");
	} else if (conn->eof) {
		finish(conn);
	}
}

/* Answers whole lines as long as there is room for answers. May free conn. */
static void serve(struct xv_conn *conn)
{
	struct evbuffer *out = bufferevent_get_output(conn->bev);
	char *line;
	size_t len;

	if (conn->closing) {
		finish(conn);
		return;
	}
	xv_control_answer_write(&conn->answer, out);
	while (!conn->answer.open && !conn->work && evbuffer_get_length(out) < XV_CONTROL_OUTPUT) {
		if (conn->loading.load) {
			if (!feed_load(conn))
				return;
			continue;
		}
		line = next_line(conn, &len);
		if (!line) {
			check_rest(conn);
			return;
		}
		if (len > XV_CONTROL_SMALL) {
			begin_work(conn, &(struct xv_request){}, line, len);
		} else {
			answer(conn, line, len);
			free(line);
		}
		xv_control_answer_write(&conn->answer, out);
	}
}

/* Reading stops while an answer waits: a client that does not read cannot pile up work. */
static void update_reading(struct xv_conn *conn)
{
	bool busy = conn->answer.open || conn->loading.applying || conn->work ||
		    evbuffer_get_length(bufferevent_get_output(conn->bev)) >= XV_CONTROL_OUTPUT;

	if (conn->eof || (busy && !conn->closing))
		bufferevent_disable(conn->bev, EV_READ);
	else
		bufferevent_enable(conn->bev, EV_READ);
}

/* serve() may free the connection; it is still there if it is still in the list. */
static bool alive(const struct xv_conns *conns, const struct xv_conn *conn)
{
	const struct xv_conn *c;

	for (c = conns->first; c; c = c->next) {
		if (c == conn)
			return true;
	}
	return false;
}

static void go_on(struct xv_conn *conn)
{
	struct xv_conns *conns = conn->conns;

	serve(conn);
	if (alive(conns, conn))
		update_reading(conn);
}

static void on_read(struct bufferevent *bev, void *arg)
{
	(void)bev;
	go_on(arg);
}

/* The output has fallen to its low watermark. */
static void on_write(struct bufferevent *bev, void *arg)
{
	(void)bev;
	go_on(arg);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct xv_conn *conn = arg;

	(void)bev;
	if (what & BEV_EVENT_EOF && what & BEV_EVENT_READING && !(what & BEV_EVENT_ERROR)) {
		/* Half a close is fine: `printf ... | socat - UNIX:...` sends, then waits. */
		conn->eof = true;
		go_on(conn);
		return;
	}
	if (what & BEV_EVENT_TIMEOUT)
		xv_log(LOG_DEBUG, "control socket: a client was idle for %d s", XV_CONTROL_IDLE);
	xv_conn_free(conn);
}

static void on_output(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *arg)
{
	struct xv_conn *conn = arg;

	(void)buffer;
	conn->pace.moved += info->n_deleted;
}

static void on_input(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *arg)
{
	struct xv_conn *conn = arg;

	(void)buffer;
	if (conn->loading.load)
		conn->pace.moved += info->n_added;
}

int xv_conn_new(struct xv_conns *conns, evutil_socket_t fd)
{
	static const struct timeval idle = {.tv_sec = XV_CONTROL_IDLE};
	struct xv_conn *conn = calloc(1, sizeof(*conn));
	struct bufferevent *bev;

	bev = conn ? bufferevent_socket_new(conns->about->model->base, fd, BEV_OPT_CLOSE_ON_FREE)
		   : NULL;
	if (!bev) {
		free(conn);
		evutil_closesocket(fd);
		return -ENOMEM;
	}
	conn->conns = conns;
	conn->bev = bev;
	conn->next = conns->first;
	if (conn->next)
		conn->next->prev = conn;
	conns->first = conn;
	conns->n++;
	evbuffer_add_cb(bufferevent_get_output(bev), on_output, conn);
	evbuffer_add_cb(bufferevent_get_input(bev), on_input, conn);
	bufferevent_setcb(bev, on_read, on_write, on_event, conn);
	bufferevent_setwatermark(bev, EV_READ, 0, XV_CONTROL_LINE + 2);
	bufferevent_setwatermark(bev, EV_WRITE, XV_CONTROL_OUTPUT / 4, 0);
	bufferevent_set_max_single_read(bev, XV_CONTROL_TURN);
	bufferevent_set_max_single_write(bev, XV_CONTROL_TURN);
	bufferevent_set_timeouts(bev, &idle, &idle);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
	return 0;
}

/* Whether it is the client's turn, and not ours. */
static bool is_waited_for(const struct xv_conn *conn)
{
	return conn->closing || (conn->loading.load && !conn->loading.applying) ||
	       evbuffer_get_length(bufferevent_get_output(conn->bev));
}

void xv_conn_second(struct xv_conns *conns)
{
	struct xv_conn *conn, *next;
	time_t now = xv_clock_run();

	for (conn = conns->first; conn; conn = next) {
		next = conn->next;
		if (!xv_control_pace_is_slow(&conn->pace, is_waited_for(conn), now))
			continue;
		xv_log(LOG_DEBUG, "control socket: a client moved less than %d bytes a second",
		       XV_CONTROL_RATE);
		xv_conn_free(conn);
	}
}

void xv_conn_free(struct xv_conn *conn)
{
	struct xv_conns *conns;

	if (!conn)
		return;
	conns = conn->conns;
	xv_control_answer_drop(&conn->answer);
	if (conn->work) /* it goes on, and frees itself */
		conn->work->conn = NULL;
	xv_control_load_drop(&conn->loading);
	if (conn->prev)
		conn->prev->next = conn->next;
	else
		conns->first = conn->next;
	if (conn->next)
		conn->next->prev = conn->prev;
	conns->n--;
	bufferevent_free(conn->bev);
	free(conn);
}
