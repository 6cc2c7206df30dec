/* SPDX-License-Identifier: GPL-2.0-only */
/* The connection to an instance's control socket: one line out, lines in. */
#ifndef XV_CLIENT_H
#define XV_CLIENT_H

#include <jansson.h>
#include <stdio.h>

#include "err.h"

struct xv_client {
	int fd;
	FILE *in;
	char *line; /* the last one read */
	size_t room;
};

/* Connects. -errno with a text that says what to do. */
int xv_client_open(struct xv_client *client, const char *instance, struct xv_err *err);
/* Sends a request (not stolen). */
int xv_client_send(struct xv_client *client, const json_t *request, struct xv_err *err);
/*
 * Reads one line of the answer. The caller frees *reply, an object whose "ok" is true; if the
 * daemon refused, its text is in err.
 */
int xv_client_read(struct xv_client *client, json_t **reply, struct xv_err *err);
void xv_client_close(struct xv_client *client);

#endif
