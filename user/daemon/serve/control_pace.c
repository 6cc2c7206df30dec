/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How slow a client of the control socket may be. A timer that each byte sets back is no limit: a
 * byte now and then would hold a place for ever. Who has an answer to take, or a load to send,
 * moves at least XV_CONTROL_RATE bytes a second of it, all in all, with XV_CONTROL_IDLE seconds in
 * hand; who was refused and still sends has these seconds alone.
 */
#include <event2/buffer.h>

#include "clock.h"
#include "log.h"
#include "serve/control.h"
#include "serve/control_internal.h"

static void on_output(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *arg)
{
	struct xv_conn *conn = arg;

	(void)buffer;
	conn->moved += info->n_deleted;
}

static void on_input(struct evbuffer *buffer, const struct evbuffer_cb_info *info, void *arg)
{
	struct xv_conn *conn = arg;

	(void)buffer;
	if (conn->load)
		conn->moved += info->n_added;
}

void xv_conn_watch_pace(struct xv_conn *conn)
{
	evbuffer_add_cb(bufferevent_get_output(conn->bev), on_output, conn);
	evbuffer_add_cb(bufferevent_get_input(conn->bev), on_input, conn);
}

/* Whether it is the client's turn, and not ours: then time counts. */
static bool is_waited_for(const struct xv_conn *conn)
{
	return conn->closing || (conn->load && !conn->applying) ||
	       evbuffer_get_length(bufferevent_get_output(conn->bev));
}

/* May free conn. */
static void check(struct xv_conn *conn, time_t now)
{
	if (!is_waited_for(conn)) {
		conn->began = 0;
		return;
	}
	if (!conn->began) {
		conn->began = now;
		conn->moved = 0;
	}
	if ((uint64_t)(now - conn->began) <= XV_CONTROL_IDLE + conn->moved / XV_CONTROL_RATE)
		return;
	xv_log(LOG_DEBUG, "control socket: a client moved less than %d bytes a second",
	       XV_CONTROL_RATE);
	xv_conn_free(conn);
}

void xv_control_second(void *arg)
{
	struct xv_control *control = arg;
	struct xv_conn *conn, *next;

	for (conn = control->conns; conn; conn = next) {
		next = conn->next;
		check(conn, xv_clock_run());
	}
}
