/* SPDX-License-Identifier: GPL-2.0-only */
/* Between control.c (the socket) and control_conn.c (one client). */
#ifndef XV_CONTROL_INTERNAL_H
#define XV_CONTROL_INTERNAL_H

#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <sys/stat.h>
#include <time.h>

#include "serve/view.h"
#include "sources/load.h"
#include "sources/ops.h"

enum xv_control_limits {
	XV_CONTROL_CLIENTS = 64,
	XV_CONTROL_REFUSED = 64,	/* clients beyond them that are told so, at a time */
	XV_CONTROL_LINE = 64 << 20,	/* bytes of a request: "apply" carries a whole file */
	XV_CONTROL_PENDING = 128 << 20, /* bytes of unread requests, all clients together */
	XV_CONTROL_OUTPUT = 256 << 10,	/* bytes waiting for a client before more rows are made */
	XV_CONTROL_BATCH = 512,		/* rows a line */
	XV_CONTROL_TURN = 256 << 10,	/* bytes read or written before others have their turn */
	XV_CONTROL_RATE = 4096,		/* bytes a second that a client must move, after IDLE */
	XV_CONTROL_IDLE = 60,		/* seconds without progress, either way */
	XV_CONTROL_REQUEST = 120,	/* seconds for a whole request, however it trickles in */
	XV_CONTROL_TELL = 60,		/* seconds between two log lines about accept() */
	XV_CONTROL_COPIES = 4,		/* answers at a time that hold a copy of the FDB */
	XV_CONTROL_LOADS = 4,		/* loads at a time, each up to 16 MiB of entries */
	XV_CONTROL_BLOCK = 1 << 20,	/* bytes of a block of a load */
};

struct xv_conn_work;

struct xv_conn {
	struct xv_control *control;
	struct bufferevent *bev;
	size_t scanned; /* bytes of the input known to hold no newline */
	time_t since;	/* CLOCK_MONOTONIC: half a request is there; 0: none */
	/* What the client has to go on with, an answer to take or a load to send: */
	time_t began;		   /* CLOCK_MONOTONIC: there is such; 0: none */
	uint64_t moved;		   /* bytes of it that came or were taken */
	bool eof;		   /* the client will not send more */
	bool closing;		   /* ends when the output is written and the client has ended */
	struct xv_conn_work *work; /* a request that is not answered yet */
	/* The answer under way: tables still to be written, and the rows of the first of them. */
	bool answering;
	struct xv_call call;
	size_t table;
	struct xv_view view;
	/* What is loaded: the input is blocks of its text until it is applied. */
	struct xv_load *load;
	size_t block; /* bytes left of one */
	bool applying;
	struct xv_conn *prev, *next;
};

struct xv_control {
	const struct xv_about *about;
	struct xv_service *service;
	struct evconnlistener *listener;
	struct event *retry; /* listens again after accept() found no file descriptors */
	time_t told;	     /* CLOCK_MONOTONIC: of that; 0: never */
	char path[108];
	bool listens;	  /* clients are taken */
	bool bound;	  /* the socket file is ours */
	struct stat file; /* the socket file when it was made */
	struct xv_conn *conns;
	size_t n_conns;
	size_t n_copies, n_loads;
};

/* Serves a connected socket from now on; closes it when done, or on failure. */
int xv_conn_new(struct xv_control *control, evutil_socket_t fd);
void xv_conn_free(struct xv_conn *conn);

/* control_pace.c: counts the bytes that the client moves. Called once, when it is there. */
void xv_conn_watch_pace(struct xv_conn *conn);

/* control_load.c: the input is a load's, from now on; answers that it may come. */
void xv_conn_load_start(struct xv_conn *conn, struct xv_load *load);
/* Takes what is there of it. False: there is no more to do until input or the end comes. */
bool xv_conn_load_feed(struct xv_conn *conn);
/* The connection goes. */
void xv_conn_load_drop(struct xv_conn *conn);

/* For it: one line of answer; then the connection's end; going on with what the input has. */
void xv_conn_put_json(struct xv_conn *conn, json_t *answer);
void xv_conn_put_error(struct xv_conn *conn, int code, const char *error);
void xv_conn_close(struct xv_conn *conn);
void xv_conn_go_on(struct xv_conn *conn);

#endif
