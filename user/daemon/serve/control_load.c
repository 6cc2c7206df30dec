/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Entries that a client of the control socket loads. The request is answered by {"ok":true,
 * "more":true}, so that no text is ever sent to a daemon that would take it for requests. Then the
 * client sends the text in blocks, each its length as a decimal number, a newline and the bytes; a
 * block of no bytes is the end, and is answered. Without it nothing is applied.
 */
#include <errno.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "log.h"
#include "serve/control_internal.h"

enum {
	HEAD = 16,	   /* bytes of a block's first line at most */
	PIECE = 128 << 10, /* bytes read at once */
};

static void end(struct xv_conn *conn)
{
	conn->load = NULL;
	conn->applying = false;
	conn->control->n_loads--;
}

void xv_conn_load_drop(struct xv_conn *conn)
{
	if (!conn->load)
		return;
	if (conn->applying)
		xv_load_abandon(conn->load);
	else
		xv_load_free(conn->load);
	end(conn);
}

void xv_conn_load_start(struct xv_conn *conn, struct xv_load *load)
{
	if (conn->control->n_loads >= XV_CONTROL_LOADS) {
		xv_load_free(load);
		xv_conn_put_error(conn, -EBUSY, "4 clients are loading entries: try again later");
		return;
	}
	conn->control->n_loads++;
	conn->load = load;
	conn->block = 0;
	xv_conn_put_json(conn, json_pack("{s:b,s:b}", "ok", 1, "more", 1));
}

/* The rest of the text is not worth reading: what is behind it cannot be told from it. */
static bool refuse(struct xv_conn *conn, int code, const char *error)
{
	xv_conn_load_drop(conn);
	xv_conn_put_error(conn, code, error);
	xv_conn_close(conn);
	return false;
}

static void on_applied(void *arg, int ret, size_t entries, const struct xv_err *err)
{
	struct xv_conn *conn = arg;

	end(conn);
	xv_log(LOG_INFO, "control socket: fdb load: %s", ret ? err->text : "done");
	if (ret)
		xv_conn_put_error(conn, ret, err->text);
	else
		xv_conn_put_json(conn, json_pack("{s:b,s:{s:I}}", "ok", 1, "data", "loaded",
						 (json_int_t)entries));
	xv_conn_go_on(conn);
}

/* Reads the line in front of a block. False: it is not all there, or it was refused. */
static bool read_head(struct xv_conn *conn)
{
	struct evbuffer *in = bufferevent_get_input(conn->bev);
	struct evbuffer_ptr newline = evbuffer_search(in, "\n", 1, NULL);
	struct xv_err err = {.text = "out of memory"};
	char head[HEAD + 1] = "";
	uint32_t bytes;
	int ret;

	if (newline.pos < 0 && evbuffer_get_length(in) < HEAD) {
		if (conn->eof)
			return refuse(conn, -EBADMSG,
				      "the text is not complete: nothing is loaded");
		return false;
	}
	if (newline.pos >= 0 && newline.pos < HEAD) {
		evbuffer_remove(in, head, newline.pos + 1);
		head[newline.pos] = '\0';
	}
	if (xv_uint_parse(head, 0, XV_CONTROL_BLOCK, &bytes))
		return refuse(conn, -EBADMSG, "a block's length is a number from 0 to 1048576");
	conn->block = bytes;
	if (bytes)
		return true;
	ret = xv_load_apply(conn->load, on_applied, conn, &err);
	if (ret)
		return refuse(conn, ret, err.text);
	conn->applying = true;
	return false;
}

bool xv_conn_load_feed(struct xv_conn *conn)
{
	static char piece[PIECE];
	struct xv_err err = {.text = "out of memory"};
	int n, ret;

	if (conn->applying)
		return false;
	if (!conn->block)
		return read_head(conn);
	n = evbuffer_remove(bufferevent_get_input(conn->bev), piece,
			    conn->block < PIECE ? conn->block : PIECE);
	if (n <= 0) {
		if (conn->eof)
			return refuse(conn, -EBADMSG,
				      "the text is not complete: nothing is loaded");
		return false;
	}
	conn->block -= n;
	ret = xv_load_text(conn->load, piece, n, &err);
	return ret ? refuse(conn, ret, err.text) : true;
}
