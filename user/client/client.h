/* SPDX-License-Identifier: GPL-2.0-only */
/* The connection to an instance's control socket: one line out, lines in. */
#ifndef XV_CLIENT_H
#define XV_CLIENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include "err.h"

/*
 * The daemon may take its time while it does something. One that is stopped, or for half a minute
 * neither answers nor runs, is not waited for.
 */
struct xv_client {
	int fd;
	FILE *in;
	int daemon;	  /* its process; 0: not to be told */
	time_t since;	  /* CLOCK_MONOTONIC: it did something */
	uint64_t cpu;	  /* what it had used then, in ticks */
	const char *hung; /* why it is not waited for any more; NULL: it is */
	char *line;	  /* the last one read, with its newline */
	size_t len, room;
};

/* Rows of a table, as they stand in a line of the answer: a tab before each, "," between them. */
struct xv_client_rows {
	const char *table; /* name */
	char *text;
	size_t len;
	bool more; /* lines follow */
};

/* Connects. -errno with a text that says what to do. */
int xv_client_open(struct xv_client *client, const char *instance, struct xv_err *err);
/* Sends bytes. False: the daemon closed the connection. */
bool xv_client_put(struct xv_client *client, const char *bytes, size_t len);
/* Sends a request (not stolen). */
int xv_client_send(struct xv_client *client, const json_t *request, struct xv_err *err);
/* Reads one line of the answer. */
int xv_client_line(struct xv_client *client, struct xv_err *err);
/* Finds the rows in it without parsing them, for as long as the line stands; false: it is another
 * line, untouched. */
bool xv_client_rows(struct xv_client *client, struct xv_client_rows *rows);
/*
 * Parses it. The caller frees *reply, an object whose "ok" is true; if the daemon refused, its text
 * is in err.
 */
int xv_client_reply(struct xv_client *client, json_t **reply, struct xv_err *err);
/* Reads and parses. */
int xv_client_read(struct xv_client *client, json_t **reply, struct xv_err *err);
void xv_client_close(struct xv_client *client);

#endif
