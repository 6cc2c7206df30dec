/* SPDX-License-Identifier: GPL-2.0-only */
/* The connection to an instance's control socket. The client sends one line and receives lines. */
#ifndef XV_CLIENT_H
#define XV_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "err.h"

/*
 * A daemon that is at work may take long to answer, and the client waits for it. The client gives
 * up a daemon whose process is stopped, or that neither answers nor uses CPU for half a minute.
 */
struct xv_client {
	int fd;
	FILE *in;
	int daemon;	  /* process id; 0: unknown */
	time_t since;	  /* CLOCK_MONOTONIC: when the daemon last did something */
	uint64_t cpu;	  /* CPU time that the daemon had used by then, in ticks */
	const char *hung; /* why the daemon was given up; NULL: it was not */
	char *line;	  /* the last line that was read, with its newline */
	size_t len, room;
};

/* Rows of a table, as the answer's line has them: a tab before each row, "," between rows. */
struct xv_client_rows {
	const char *table; /* name */
	char *text;
	size_t len;
	bool more; /* more lines follow */
};

/* Connects to the instance's daemon. On failure -errno; err says what to do. */
int xv_client_open(struct xv_client *client, const char *instance, struct xv_err *err);
/* Sends bytes. False: the daemon closed the connection. */
bool xv_client_put(struct xv_client *client, const char *bytes, size_t len);
/* Sends a request. The caller keeps its reference. */
int xv_client_send(struct xv_client *client, const json_t *request, struct xv_err *err);
/* Reads one line of the answer into client->line. */
int xv_client_line(struct xv_client *client, struct xv_err *err);
/*
 * Finds the rows in client->line without parsing them; they are valid until the next line is read.
 * False: the line has no rows.
 */
bool xv_client_rows(struct xv_client *client, struct xv_client_rows *rows);
/*
 * Parses client->line. The caller frees *reply, an object whose "ok" is true. If the daemon refused
 * the request, its message is in err.
 */
int xv_client_reply(struct xv_client *client, json_t **reply, struct xv_err *err);
/* xv_client_line() and xv_client_reply(). */
int xv_client_read(struct xv_client *client, json_t **reply, struct xv_err *err);
void xv_client_close(struct xv_client *client);

#endif
