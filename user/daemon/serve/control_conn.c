/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One client of the control socket: lines in, lines out, one request at a time. Tables are answered
 * in lines of at most XV_CONTROL_BATCH rows, made as the client takes them:
 *   {"ok":true,"table":"fdb","data":[...],"more":true}
 *   {"ok":true,"table":"fdb","data":[...]}
 * A tab stands before each row, and nowhere else: a client that prints JSON need not parse it.
 */
#include <errno.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "clock.h"
#include "log.h"
#include "serve/control_internal.h"
#include "turn.h"

static void put(struct evbuffer *out, const char *text)
{
	evbuffer_add(out, text, strlen(text));
}

void xv_conn_put_json(struct xv_conn *conn, json_t *answer)
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
void xv_conn_put_error(struct xv_conn *conn, int code, const char *error)
{
	const char *name = strerrorname_np(-code);
	char text[sizeof(conn->call.err.text)];
	size_t len, i;

	snprintf(text, sizeof(text), "%s", error);
	for (i = 0; text[i]; i += len ? len : 1) {
		len = xv_utf8_length(&text[i]);
		if (!len)
			text[i] = '?';
	}
	xv_conn_put_json(conn, json_pack("{s:b,s:s,s:s}", "ok", 0, "error", text, "code",
					 name ? name : "EIO"));
}

/*
 * A client that is still sending must not find the socket closed before it has come to read the
 * answer: what it sends is thrown away until it has ended, or is idle.
 */
void xv_conn_close(struct xv_conn *conn)
{
	struct evbuffer *in = bufferevent_get_input(conn->bev);

	if (!conn->closing)
		conn->began = 0; /* what it read before gives it no more time */
	conn->closing = true;
	evbuffer_drain(in, evbuffer_get_length(in));
	if (evbuffer_get_length(bufferevent_get_output(conn->bev)))
		return;
	if (conn->eof)
		xv_conn_free(conn);
	else
		shutdown(bufferevent_getfd(conn->bev), SHUT_WR);
}

static void finish_answer(struct xv_conn *conn)
{
	if (conn->view.entries)
		conn->control->n_copies--;
	xv_view_close(&conn->view);
	conn->answering = false;
}

/* Opens the table that the answer is at. */
static int open_table(struct xv_conn *conn, struct xv_err *err)
{
	enum xv_table_id table = conn->call.tables[conn->table];
	int ret;

	if (table == XV_TABLE_FDB && conn->control->n_copies >= XV_CONTROL_COPIES)
		return xv_err_set(err, -EBUSY,
				  "%d clients are reading the FDB already: try again later",
				  XV_CONTROL_COPIES);
	ret = xv_view_open(conn->control->about, table, &conn->call.selection, &conn->view, err);
	if (!ret && conn->view.entries)
		conn->control->n_copies++;
	return ret;
}

/* Writes one line of rows. False when it was the answer's last. */
static bool write_batch(struct xv_conn *conn)
{
	struct evbuffer *out = bufferevent_get_output(conn->bev);
	char json[4 * XV_ROW_JSON];
	struct xv_row row;
	struct xv_err err;
	bool more = true;
	size_t n, used = 0;

	evbuffer_add_printf(out, "{\"ok\":true,\"table\":\"%s\",\"data\":[",
			    xv_tables[conn->view.table].name);
	for (n = 0; n < XV_CONTROL_BATCH && more; n++) {
		more = xv_view_next(&conn->view, &row);
		if (!more)
			break;
		if (sizeof(json) - used < XV_ROW_JSON + 2) {
			evbuffer_add(out, json, used);
			used = 0;
		}
		if (n)
			json[used++] = ',';
		json[used++] = '\t';
		used += xv_row_json(&row, json + used);
	}
	evbuffer_add(out, json, used);
	if (!more && ++conn->table < conn->call.n_tables) {
		/* Only the FDB cannot be opened, and it stands alone in its answer. */
		xv_view_close(&conn->view);
		more = !open_table(conn, &err);
	}
	put(out, more ? "],\"more\":true}\n" : "]}\n");
	return more;
}

/* Goes on with the answer until enough waits to be written. */
static void write_rows(struct xv_conn *conn)
{
	struct evbuffer *out = bufferevent_get_output(conn->bev);

	while (conn->answering && evbuffer_get_length(out) < XV_CONTROL_OUTPUT) {
		if (!write_batch(conn))
			finish_answer(conn);
	}
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
	struct xv_request request;
	struct xv_call call;
	bool late; /* the client's turn was over before it was done */
};

/* Answers what needs no tables. */
static void put_answer(struct xv_conn *conn, int ret, struct xv_call *call)
{
	if (ret)
		xv_conn_put_error(conn, ret, call->err.text);
	else if (call->load)
		xv_conn_load_start(conn, call->load);
	else
		xv_conn_put_json(conn, json_pack("{s:b,s:O?}", "ok", 1, "data", call->data));
}

static void run_work(void *arg)
{
	struct xv_conn_work *work = arg;
	struct xv_conn *conn;
	int ret = xv_ops_run(work->service, &work->request, &work->call);

	log_request(&work->request, ret, work->call.err.text);
	conn = work->conn; /* it may have gone in xv_ops_run() */
	if (conn) {
		conn->work = NULL;
		put_answer(conn, ret, &work->call);
	} else {
		xv_load_free(work->call.load);
	}
	json_decref(work->call.data);
	xv_request_free(&work->request);
	if (conn && work->late)
		xv_conn_go_on(conn);
	free(work);
}

/* The request's ownership passes. */
static void begin_work(struct xv_conn *conn, struct xv_request *request)
{
	struct xv_conn_work *work = calloc(1, sizeof(*work));

	if (work) {
		work->conn = conn;
		work->service = conn->control->service;
		work->request = *request;
		conn->work = work;
		if (!xv_turn_begin(conn->control->about->model->base, run_work, work)) {
			if (conn->work)
				work->late = true;
			return;
		}
		conn->work = NULL;
		free(work);
	}
	xv_request_free(request);
	xv_conn_put_error(conn, -ENOMEM, "out of memory");
}

static void answer(struct xv_conn *conn, const char *line, size_t len)
{
	struct xv_request request;
	struct xv_call *call = &conn->call;
	struct xv_err err = {.text = ""};
	int ret;

	ret = xv_request_parse(line, len, &request, &err);
	if (ret) {
		xv_conn_put_error(conn, ret, err.text);
		return;
	}
	if (strcmp(request.command->name, "show")) {
		begin_work(conn, &request);
		return;
	}
	ret = xv_ops_run(conn->control->service, &request, call);
	call->args = NULL; /* nothing may look at them once the request is gone */
	if (!ret && call->n_tables) {
		conn->table = 0;
		ret = open_table(conn, &call->err);
		conn->answering = !ret;
	}
	if (ret)
		xv_conn_put_error(conn, ret, call->err.text);
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

static size_t pending_bytes(const struct xv_control *control)
{
	const struct xv_conn *conn;
	size_t sum = 0;

	for (conn = control->conns; conn; conn = conn->next)
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

	if (rest > XV_CONTROL_LINE) {
		xv_conn_put_error(conn, -EMSGSIZE, "a request has at most 64 MiB");
		xv_conn_close(conn);
	} else if (pending_bytes(conn->control) > XV_CONTROL_PENDING) {
		xv_conn_put_error(
			conn, -ENOBUFS,
			"clients have sent more than 128 MiB that is not answered yet: try again");
		xv_conn_close(conn);
	} else if (trickles(conn, rest)) {
		xv_conn_put_error(conn, -ETIMEDOUT, "the request did not come within 120 s");
		xv_conn_close(conn);
	} else if (conn->eof) {
		if (rest)
			xv_conn_put_error(conn, -EBADMSG,
					  "the request does not end with a newline");
		xv_conn_close(conn);
	}
}

/* Answers whole lines as long as there is room for answers. May free conn. */
static void serve(struct xv_conn *conn)
{
	struct evbuffer *out = bufferevent_get_output(conn->bev);
	char *line;
	size_t len;

	if (conn->closing) {
		xv_conn_close(conn);
		return;
	}
	write_rows(conn);
	while (!conn->answering && !conn->work && evbuffer_get_length(out) < XV_CONTROL_OUTPUT) {
		if (conn->load) {
			if (!xv_conn_load_feed(conn))
				return;
			continue;
		}
		line = next_line(conn, &len);
		if (!line) {
			check_rest(conn);
			return;
		}
		answer(conn, line, len);
		free(line);
		write_rows(conn);
	}
}

/* Reading stops while an answer waits: a client that does not read cannot pile up work. */
static void update_reading(struct xv_conn *conn)
{
	bool busy = conn->answering || conn->applying || conn->work ||
		    evbuffer_get_length(bufferevent_get_output(conn->bev)) >= XV_CONTROL_OUTPUT;

	if (conn->eof || (busy && !conn->closing))
		bufferevent_disable(conn->bev, EV_READ);
	else
		bufferevent_enable(conn->bev, EV_READ);
}

/* serve() may free the connection; it is still there if it is still the control's. */
static bool alive(const struct xv_control *control, const struct xv_conn *conn)
{
	const struct xv_conn *c;

	for (c = control->conns; c; c = c->next) {
		if (c == conn)
			return true;
	}
	return false;
}

void xv_conn_go_on(struct xv_conn *conn)
{
	struct xv_control *control = conn->control;

	serve(conn);
	if (alive(control, conn))
		update_reading(conn);
}

static void on_read(struct bufferevent *bev, void *arg)
{
	(void)bev;
	xv_conn_go_on(arg);
}

/* The output has fallen to its low watermark. */
static void on_write(struct bufferevent *bev, void *arg)
{
	(void)bev;
	xv_conn_go_on(arg);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct xv_conn *conn = arg;

	(void)bev;
	if (what & BEV_EVENT_EOF && what & BEV_EVENT_READING && !(what & BEV_EVENT_ERROR)) {
		/* Half a close is fine: `printf ... | socat - UNIX:...` sends, then waits. */
		conn->eof = true;
		xv_conn_go_on(conn);
		return;
	}
	if (what & BEV_EVENT_TIMEOUT)
		xv_log(LOG_DEBUG, "control socket: a client was idle for %d s", XV_CONTROL_IDLE);
	xv_conn_free(conn);
}

int xv_conn_new(struct xv_control *control, evutil_socket_t fd)
{
	static const struct timeval idle = {.tv_sec = XV_CONTROL_IDLE};
	struct xv_conn *conn = calloc(1, sizeof(*conn));
	struct bufferevent *bev;

	bev = conn ? bufferevent_socket_new(control->about->model->base, fd, BEV_OPT_CLOSE_ON_FREE)
		   : NULL;
	if (!bev) {
		free(conn);
		evutil_closesocket(fd);
		return -ENOMEM;
	}
	conn->control = control;
	conn->bev = bev;
	conn->next = control->conns;
	if (conn->next)
		conn->next->prev = conn;
	control->conns = conn;
	control->n_conns++;
	xv_conn_watch_pace(conn);
	bufferevent_setcb(bev, on_read, on_write, on_event, conn);
	bufferevent_setwatermark(bev, EV_READ, 0, XV_CONTROL_LINE + 2);
	bufferevent_setwatermark(bev, EV_WRITE, XV_CONTROL_OUTPUT / 4, 0);
	bufferevent_set_max_single_read(bev, XV_CONTROL_TURN);
	bufferevent_set_max_single_write(bev, XV_CONTROL_TURN);
	bufferevent_set_timeouts(bev, &idle, &idle);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
	return 0;
}

void xv_conn_free(struct xv_conn *conn)
{
	struct xv_control *control;

	if (!conn)
		return;
	control = conn->control;
	if (conn->answering)
		finish_answer(conn);
	if (conn->work) /* it goes on, and frees itself */
		conn->work->conn = NULL;
	xv_conn_load_drop(conn);
	if (conn->prev)
		conn->prev->next = conn->next;
	else
		control->conns = conn->next;
	if (conn->next)
		conn->next->prev = conn->prev;
	control->n_conns--;
	bufferevent_free(conn->bev);
	free(conn);
}
