/* SPDX-License-Identifier: GPL-2.0-only */
/* The clients of the control socket: lines in, lines out, one request at a time. */
#ifndef XV_CONTROL_CONN_H
#define XV_CONTROL_CONN_H

#include <event2/bufferevent.h>

#include "serve/control_answer.h"
#include "serve/control_load.h"
#include "serve/control_pace.h"
#include "sizes.h"
#include "sources/ops.h"

enum xv_control_conn_limits {
	XV_CONTROL_LINE = XV_REQUEST_MIB << 20, /* bytes of a request */
	XV_CONTROL_PENDING_MIB = 256,		/* of unread requests, all clients together */
	XV_CONTROL_PENDING = XV_CONTROL_PENDING_MIB << 20,
	XV_CONTROL_SMALL = 64 << 10, /* bytes of a request that is parsed at once */
	XV_CONTROL_TURN = 256 << 10, /* bytes read or written before others have their turn */
	XV_CONTROL_REQUEST = 120,    /* seconds for a whole request, however it trickles in */
};

struct xv_conn;
struct xv_conn_work;

/* All clients, and what they share. */
struct xv_conns {
	const struct xv_about *about;
	struct xv_service *service;
	struct xv_conn *first; /* the newest */
	size_t n;
	size_t n_copies, n_loads;
};

struct xv_conn {
	struct xv_conns *conns;
	struct bufferevent *bev;
	size_t scanned;		     /* bytes of the input known to hold no newline */
	time_t since;		     /* CLOCK_MONOTONIC: half a request is there; 0: none */
	struct xv_control_pace pace; /* of an answer to take or a load to send */
	bool eof;		     /* the client will not send more */
	bool closing;		     /* ends when the output is written and the client has ended */
	struct xv_conn_work *work;   /* a request that is not answered yet */
	struct xv_control_answer answer;
	struct xv_control_load loading;
	struct xv_conn *prev, *next;
};

/* Serves a connected socket from now on, as conns->first; closes it when done, or on failure. */
int xv_conn_new(struct xv_conns *conns, evutil_socket_t fd);
/* Answers with the error, and no request after it. May free conn. */
void xv_conn_refuse(struct xv_conn *conn, int code, const char *error);
/* Once a second: closes the connections of clients that are too slow. */
void xv_conn_second(struct xv_conns *conns);
/* NULL is fine. */
void xv_conn_free(struct xv_conn *conn);

#endif
