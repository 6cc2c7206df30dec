/* SPDX-License-Identifier: GPL-2.0-only */
/* The connection to the daemon: see client.h. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "client.h"
#include "rundir.h"

enum {
	REQUEST_MAX = 64 << 20, /* what the daemon takes */
	BUFFER = 256 << 10,	/* of the answer: it may be long */
};

/*
 * The process that the instance's lock names, if it is an xvtepd that runs; else 0. -EACCES: the
 * lock is there, and not ours to read.
 */
static int running_daemon(const char *instance)
{
	char path[PATH_MAX], name[16] = "";
	int pid = 0;
	FILE *f;

	if (xv_rundir_path(instance, "lock", path, sizeof(path), NULL))
		return 0;
	f = fopen(path, "re");
	if (!f && errno == EACCES)
		return -EACCES;
	if (!f || fscanf(f, "%d", &pid) != 1)
		pid = 0;
	if (f)
		fclose(f);
	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	f = pid > 0 ? fopen(path, "re") : NULL;
	if (!f || fscanf(f, "%15s", name) != 1 || strcmp(name, "xvtepd"))
		pid = 0;
	if (f)
		fclose(f);
	return pid;
}

static int explain_connect(int code, const char *path, const char *instance, struct xv_err *err)
{
	int pid = code == ENOENT || code == ECONNREFUSED ? running_daemon(instance) : 0;

	if (pid == -EACCES)
		return xv_err_set(
			err, pid,
			"nothing answers at %s; whether xvtepd runs is in the lock beside "
			"it, which you may not read: run xvtep as root",
			path);
	if (pid)
		return xv_err_set(err, -code,
				  "xvtepd runs for instance \"%s\" (process %d), but does not "
				  "listen at %s: it is starting, or the socket was removed, and "
				  "kill -HUP %d makes it again",
				  instance, pid, path, pid);
	switch (code) {
	case ENOENT:
	case ECONNREFUSED:
		return xv_err_set(
			err, -code,
			"no daemon answers at %s: is xvtepd running for instance \"%s\"? "
			"Start it (systemctl start xvtepd@%s, or xvtepd -c FILE -i %s), or "
			"name another instance with -i",
			path, instance, instance, instance);
	case EACCES:
	case EPERM:
		return xv_err_set(err, -code, "%s: permission denied: run xvtep as root", path);
	default:
		return xv_err_set(err, -code, "cannot connect to %s: %s", path, strerror(code));
	}
}

int xv_client_open(struct xv_client *client, const char *instance, struct xv_err *err)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd, ret;

	ret = xv_rundir_path(instance, "control.sock", sun.sun_path, sizeof(sun.sun_path), err);
	if (ret)
		return ret;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return xv_err_set(err, -errno, "cannot make a socket: %s", strerror(errno));
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun))) {
		ret = explain_connect(errno, sun.sun_path, instance, err);
		close(fd);
		return ret;
	}
	*client = (struct xv_client){.fd = fd, .in = fdopen(fd, "r")};
	if (!client->in) {
		close(fd);
		return xv_err_set(err, -ENOMEM, "out of memory");
	}
	setvbuf(client->in, NULL, _IOFBF, BUFFER);
	return 0;
}

bool xv_client_put(struct xv_client *client, const char *bytes, size_t len)
{
	ssize_t n;

	while (len) {
		n = send(client->fd, bytes, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		bytes += n;
		len -= n;
	}
	return true;
}

int xv_client_send(struct xv_client *client, const json_t *request, struct xv_err *err)
{
	char *text = json_dumps(request, JSON_COMPACT);
	size_t len;

	if (!text)
		return xv_err_set(err, -ENOMEM, "out of memory");
	len = strlen(text);
	if (len >= REQUEST_MAX) {
		free(text);
		return xv_err_set(err, -EMSGSIZE, "the request is larger than 64 MiB");
	}
	text[len++] = '\n';
	/* A daemon that closes early has said why: the answer is read next. */
	xv_client_put(client, text, len);
	free(text);
	return 0;
}

static int check_reply(const json_t *reply, struct xv_err *err)
{
	const char *error = json_string_value(json_object_get(reply, "error"));

	if (json_is_true(json_object_get(reply, "ok")))
		return 0;
	return xv_err_set(err, -EREMOTEIO, "%s",
			  error ? error : "the daemon's answer has neither \"ok\" nor \"error\"");
}

int xv_client_line(struct xv_client *client, struct xv_err *err)
{
	ssize_t len = getline(&client->line, &client->room, client->in);

	if (len < 0)
		return xv_err_set(
			err, -EPIPE,
			"the daemon closed the connection before it had answered (it waits "
			"%d s for a reader)",
			60);
	if (client->line[len - 1] != '\n')
		return xv_err_set(err, -EPIPE, "the daemon closed the connection in mid-answer");
	client->len = len;
	return 0;
}

/* Cuts `head` off the front, `tail` off the end. */
static bool cut(char **from, char **to, const char *head, const char *tail)
{
	size_t n = strlen(head), m = strlen(tail);

	if ((size_t)(*to - *from) < n + m || memcmp(*from, head, n) || memcmp(*to - m, tail, m))
		return false;
	*from += n;
	*to -= m;
	return true;
}

bool xv_client_rows(struct xv_client *client, struct xv_client_rows *rows)
{
	char *from = client->line, *to = from + client->len, *name;

	rows->more = cut(&from, &to, "{\"ok\":true,\"table\":\"", "],\"more\":true}\n");
	if (!rows->more && !cut(&from, &to, "{\"ok\":true,\"table\":\"", "]}\n"))
		return false;
	name = from;
	from = memchr(from, '"', to - from);
	if (!from)
		return false;
	rows->table = name;
	name = from;
	if (!cut(&from, &to, "\",\"data\":[", "") || (from < to && *from != '\t'))
		return false;
	*name = '\0';
	rows->text = from;
	rows->len = to - from;
	return true;
}

int xv_client_reply(struct xv_client *client, json_t **reply, struct xv_err *err)
{
	json_error_t error;
	json_t *answer;
	int ret;

	answer = json_loadb(client->line, client->len, 0, &error);
	if (!answer)
		return xv_err_set(err, -EPROTO, "the daemon's answer is not JSON: %s", error.text);
	ret = check_reply(answer, err);
	if (ret) {
		json_decref(answer);
		return ret;
	}
	*reply = answer;
	return 0;
}

int xv_client_read(struct xv_client *client, json_t **reply, struct xv_err *err)
{
	int ret = xv_client_line(client, err);

	return ret ? ret : xv_client_reply(client, reply, err);
}

void xv_client_close(struct xv_client *client)
{
	fclose(client->in);
	free(client->line);
}
