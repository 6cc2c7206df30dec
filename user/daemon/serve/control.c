/* SPDX-License-Identifier: GPL-2.0-only */
/* The control socket: see control.h. Clients are served in control_conn.c. */
#include <errno.h>
#include <event2/listener.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "rundir.h"
#include "serve/control.h"

#define FULL	    "too many clients: 64 are connected"
#define FULL_ANSWER "{\"ok\":false,\"error\":\"" FULL "\",\"code\":\"EBUSY\"}\n"

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *addr,
		      int len, void *arg)
{
	struct xv_control *control = arg;
	bool full = control->conns.n >= XV_CONTROL_CLIENTS;

	(void)listener;
	(void)addr;
	(void)len;
	/* Clients that are only told so may not become many either: then none is waited for. */
	if (control->conns.n >= XV_CONTROL_CLIENTS + XV_CONTROL_REFUSED) {
		if (send(fd, FULL_ANSWER, strlen(FULL_ANSWER), MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			xv_log(LOG_DEBUG, "control socket: %s", strerror(errno));
		evutil_closesocket(fd);
		return;
	}
	if (xv_conn_new(&control->conns, fd)) {
		xv_log(LOG_WARNING, "control socket: no memory for another client");
	} else if (full) {
		xv_conn_refuse(control->conns.first, -EBUSY, FULL);
	}
}

/*
 * Called when accept() fails, most likely because the process has no file descriptor left. The
 * socket stays readable, so the listener pauses for a second instead of trying again at once.
 */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
	static const struct timeval pause = {.tv_sec = 1};
	struct xv_control *control = arg;
	const char *why = strerror(errno);
	time_t now = xv_clock_run();

	if (!control->told || now - control->told >= XV_CONTROL_TELL) {
		control->told = now;
		xv_log(LOG_WARNING,
		       "control socket: cannot accept a client: %s; trying every second "
		       "(logged once in %d s)",
		       why, XV_CONTROL_TELL);
	}
	evconnlistener_disable(listener);
	evtimer_add(control->retry, &pause);
}

static void on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct xv_control *control = arg;

	(void)fd;
	(void)what;
	evconnlistener_enable(control->listener);
}

/*
 * Removes the socket that a killed daemon left behind. Refuses if a process still answers on the
 * socket, although the instance's lock already keeps a second daemon out.
 */
static int clear_stale(const struct sockaddr_un *sun, struct xv_err *err)
{
	struct stat st;
	int fd, ret;

	if (lstat(sun->sun_path, &st))
		return errno == ENOENT
			       ? 0
			       : xv_err_set(err, -errno, "%s: %s", sun->sun_path, strerror(errno));
	if (!S_ISSOCK(st.st_mode))
		return xv_err_set(err, -EEXIST, "%s is in the way and not a socket: remove it",
				  sun->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return xv_err_set(err, -errno, "control socket: %s", strerror(errno));
	ret = connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) ? -errno : 0;
	close(fd);
	/* -EAGAIN: that process is alive, and its queue of connections is full */
	if (!ret || ret == -EAGAIN)
		return xv_err_set(err, -EADDRINUSE, "%s is served by another process",
				  sun->sun_path);
	if (unlink(sun->sun_path) && errno != ENOENT)
		return xv_err_set(err, -errno, "cannot remove the old %s: %s", sun->sun_path,
				  strerror(errno));
	return 0;
}

/* Returns a bound socket, or -errno. */
static int bind_socket(struct xv_control *control, struct xv_err *err)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	mode_t mask;
	int fd, ret;

	memcpy(sun.sun_path, control->path, sizeof(sun.sun_path));
	ret = clear_stale(&sun, err);
	if (ret)
		return ret;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return xv_err_set(err, -errno, "control socket: %s", strerror(errno));
	mask = umask(0117); /* mode 0660 from the beginning */
	ret = bind(fd, (struct sockaddr *)&sun, sizeof(sun)) ? -errno : 0;
	umask(mask);
	if (ret) {
		close(fd);
		return xv_err_set(err, ret, "cannot bind %s: %s", sun.sun_path, strerror(-ret));
	}
	control->bound = true;
	return fd;
}

/* Makes a new socket at control->path and serves it instead of the old one. */
static int listen_on_path(struct xv_control *control, struct xv_err *err)
{
	const char *name = control->conns.about->model->name;
	struct evconnlistener *listener;
	int fd, ret;

	ret = xv_rundir_make(name, err);
	if (ret)
		return ret;
	ret = xv_rundir_path(name, "control.sock", control->path, sizeof(control->path), err);
	if (ret)
		return ret;
	fd = bind_socket(control, err);
	if (fd < 0)
		return fd;
	/* With backlog 0 libevent does not call listen(). xv_control_listen() does so later. */
	listener = evconnlistener_new(
		control->conns.about->model->base, on_accept, control,
		LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_DISABLED, 0, fd);
	if (!listener) {
		close(fd);
		return xv_err_set(err, -ENOMEM, "control socket %s: cannot listen", control->path);
	}
	evconnlistener_set_error_cb(listener, on_accept_error);
	if (control->listener)
		evconnlistener_free(control->listener);
	control->listener = listener;
	lstat(control->path, &control->file);
	return control->listens ? xv_control_listen(control, err) : 0;
}

int xv_control_listen(struct xv_control *control, struct xv_err *err)
{
	if (listen(evconnlistener_get_fd(control->listener), XV_CONTROL_CLIENTS))
		return xv_err_set(err, -errno, "control socket %s: cannot listen: %s",
				  control->path, strerror(errno));
	evconnlistener_enable(control->listener);
	control->listens = true;
	return 0;
}

static int start(struct xv_control *control, struct xv_err *err)
{
	control->retry = evtimer_new(control->conns.about->model->base, on_retry, control);
	if (!control->retry)
		return xv_err_set(err, -ENOMEM, "out of memory");
	return listen_on_path(control, err);
}

static void destroy(struct xv_control *control)
{
	if (!control)
		return;
	while (control->conns.first)
		xv_conn_free(control->conns.first);
	if (control->listener)
		evconnlistener_free(control->listener);
	if (control->retry)
		event_free(control->retry);
	if (control->bound)
		unlink(control->path);
	free(control);
}

int xv_control_start(const struct xv_about *about, struct xv_service *service,
		     struct xv_control **out, struct xv_err *err)
{
	struct xv_control *control = calloc(1, sizeof(*control));
	int ret;

	if (!control)
		return xv_err_set(err, -ENOMEM, "out of memory");
	control->conns.about = about;
	control->conns.service = service;
	/* libevent writes with writev(): a client that went away must not end the daemon. */
	signal(SIGPIPE, SIG_IGN);
	ret = start(control, err);
	if (ret) {
		destroy(control);
		return ret;
	}
	*out = control;
	return 0;
}

int xv_control_renew(struct xv_control *control, struct xv_err *err)
{
	struct stat st;
	int ret;

	if (!lstat(control->path, &st) && st.st_ino == control->file.st_ino &&
	    st.st_dev == control->file.st_dev)
		return 0;
	ret = listen_on_path(control, err);
	if (!ret)
		xv_log(LOG_NOTICE, "%s was taken away; made it again", control->path);
	return ret;
}

void xv_control_second(void *arg)
{
	struct xv_control *control = arg;

	xv_conn_second(&control->conns);
}

void xv_control_stop(struct xv_control *control)
{
	destroy(control);
}
