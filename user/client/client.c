/* SPDX-License-Identifier: GPL-2.0-only */
/* The connection to the daemon: see client.h. */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "client.h"
#include "clock.h"
#include "rundir.h"
#include "sizes.h"

enum {
	REQUEST_MAX = XV_REQUEST_MIB << 20,
	BUFFER = 256 << 10, /* for reading the answer, which may be long */
	LOOK_MS = 2000,	    /* how often the client looks whether the daemon still runs */
	HUNG_SECONDS = 30,  /* a daemon that neither answers nor uses CPU for so long is given up */
};

/*
 * Returns the process id in the instance's lock file if that process is a running xvtepd, else 0.
 * -EACCES: this user may not read the lock file.
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
		return xv_err_set(err, pid,
				  "nothing answers at %s, and only root may read the lock that "
				  "says whether xvtepd runs: run xvtep as root",
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

/*
 * Reads from /proc the daemon's process state ('T': stopped) and its CPU time in ticks. False: they
 * cannot be read.
 */
static bool look_at_daemon(const struct xv_client *client, char *state, uint64_t *cpu)
{
	char path[32], text[1024] = "", *p;
	unsigned long user = 0, system = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", client->daemon);
	f = client->daemon > 0 ? fopen(path, "re") : NULL;
	if (!f)
		return false;
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	p = strrchr(text, ')'); /* the process name before it may contain spaces and brackets */
	if (!p || sscanf(p, ") %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", state, &user,
			 &system) != 3)
		return false;
	*cpu = user + system;
	return true;
}

/* Waits until the socket is ready. False: the client gives the daemon up; client->hung says why. */
static bool wait_for(struct xv_client *client, short events)
{
	struct pollfd pollfd = {.fd = client->fd, .events = events};
	char state = '?';
	uint64_t cpu;

	client->since = xv_clock_run();
	for (;;) {
		if (poll(&pollfd, 1, LOOK_MS) > 0)
			return true;
		if (!look_at_daemon(client, &state, &cpu))
			cpu = client->cpu;
		if (state == 'T' || state == 't') {
			client->hung =
				"is stopped (a signal, or a debugger): kill -CONT lets it go on";
			return false;
		}
		if (cpu != client->cpu)
			client->since = xv_clock_run();
		client->cpu = cpu;
		if (xv_clock_run() - client->since >= HUNG_SECONDS) {
			client->hung = "has neither answered nor done anything for 30 s";
			return false;
		}
	}
}

static int say_hung(const struct xv_client *client, struct xv_err *err)
{
	return xv_err_set(err, -ETIMEDOUT, "xvtepd (process %d) %s", client->daemon, client->hung);
}

static ssize_t read_some(void *cookie, char *buf, size_t size)
{
	struct xv_client *client = cookie;
	ssize_t n;

	do {
		if (!wait_for(client, POLLIN))
			return -1;
		n = recv(client->fd, buf, size, MSG_DONTWAIT);
	} while (n < 0 && (errno == EINTR || errno == EAGAIN));
	return n;
}

static int close_socket(void *cookie)
{
	return close(((struct xv_client *)cookie)->fd);
}

/* The process id of the daemon that made this end's socket; 0 if the kernel does not tell it. */
static int find_daemon(int fd)
{
	struct ucred cred = {};
	socklen_t len = sizeof(cred);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) ? 0 : cred.pid;
}

int xv_client_open(struct xv_client *client, const char *instance, struct xv_err *err)
{
	static const cookie_io_functions_t functions = {.read = read_some, .close = close_socket};
	static const struct timeval limit = {.tv_sec = HUNG_SECONDS};
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd, ret;

	ret = xv_rundir_path(instance, "control.sock", sun.sun_path, sizeof(sun.sun_path), err);
	if (ret)
		return ret;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return xv_err_set(err, -errno, "cannot make a socket: %s", strerror(errno));
	/* connect() blocks while the daemon's queue of new connections is full. */
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
	if (connect(fd, (struct sockaddr *)&sun, sizeof(sun))) {
		ret = errno == EAGAIN
			      ? xv_err_set(err, -ETIMEDOUT,
					   "xvtepd takes no client at %s: it is stopped, or hangs",
					   sun.sun_path)
			      : explain_connect(errno, sun.sun_path, instance, err);
		close(fd);
		return ret;
	}
	*client = (struct xv_client){.fd = fd, .daemon = find_daemon(fd)};
	client->in = fopencookie(client, "r", functions);
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
		if (!wait_for(client, POLLOUT))
			return false;
		n = send(client->fd, bytes, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
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
		return xv_err_set(err, -EMSGSIZE,
				  "the request is larger than %d MiB (each quotation mark, line "
				  "end and backslash of a file takes two bytes of it)",
				  XV_REQUEST_MIB);
	}
	text[len++] = '\n';
	/* If the daemon has closed the connection, its answer, which is read next, says why. */
	xv_client_put(client, text, len);
	free(text);
	return client->hung ? say_hung(client, err) : 0;
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

	if (client->hung)
		return say_hung(client, err);
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

/*
 * Cuts `head` off the front and `tail` off the end of the text from *from to *to. False: the text
 * does not have both.
 */
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
