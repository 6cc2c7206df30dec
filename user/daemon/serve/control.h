/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control socket, /run/xvtep/INSTANCE/control.sock (mode 0660, root). Requests and answers are
 * JSON objects, one a line:
 *   {"object":"fdb","command":"add","args":{"network":"blue","mac":"02:...","remote":"192.0.2.2"}}
 *   {"ok":true,"data":...}   or   {"ok":false,"error":"..."}
 * A client that is refused for good gets the answer and then the end of the stream. The daemon
 * reads and discards what the client still sends, so a client may write everything before it reads.
 */
#ifndef XV_CONTROL_H
#define XV_CONTROL_H

#include <sys/stat.h>
#include <time.h>

#include "serve/control_conn.h"

enum xv_control_limits {
	XV_CONTROL_CLIENTS = 64,
	XV_CONTROL_REFUSED = 64, /* clients beyond them that are told so, at a time */
	XV_CONTROL_TELL = 60,	 /* seconds between two log lines about accept() */
};

struct evconnlistener;

struct xv_control {
	struct xv_conns conns;
	struct evconnlistener *listener;
	struct event *retry; /* listens again after accept() found no file descriptors */
	time_t told;	     /* CLOCK_MONOTONIC: of that; 0: never */
	char path[108];
	bool listens;	  /* clients are taken */
	bool bound;	  /* the socket file is ours */
	struct stat file; /* the socket file when it was made */
};

int xv_control_start(const struct xv_about *about, struct xv_service *service,
		     struct xv_control **control, struct xv_err *err);
/* Starts to serve clients. Before, connect() fails at once (ECONNREFUSED). */
int xv_control_listen(struct xv_control *control, struct xv_err *err);
/* If somebody has removed the socket, makes it again. */
int xv_control_renew(struct xv_control *control, struct xv_err *err);
/*
 * To be called once a second: closes the connections of clients that are too slow. arg: struct
 * xv_control.
 */
void xv_control_second(void *arg);
/* control may be NULL. */
void xv_control_stop(struct xv_control *control);

#endif
