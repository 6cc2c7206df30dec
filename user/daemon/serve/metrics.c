/* SPDX-License-Identifier: GPL-2.0-only */
/* The Prometheus endpoint: see metrics.h. */
#include <errno.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <event2/bufferevent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include "clock.h"
#include "log.h"
#include "serve/exposition.h"
#include "serve/metrics.h"

enum {
	IDLE_SECONDS = 10,
	HEADERS_MAX = 8192,
	BODY_MAX = 1024,
	/*
	 * A connection serves one request and is closed DEADLINE_SECONDS after it was accepted at
	 * the latest. At most CONNECTIONS_MAX are open. Both limits bound the file descriptors.
	 */
	DEADLINE_SECONDS = 20,
	CONNECTIONS_MAX = 256,
	ANSWERS_MAX = 8,   /* answers that are being written at the same time */
	PAUSE_SECONDS = 1, /* for the listener when no connection can be accepted */
	TELL_SECONDS = 60, /* between two log lines about pauses */
};

/* An accepted socket. The inode tells whether fd still is this socket. */
struct taken {
	int fd;
	ino_t inode;
	uint64_t deadline; /* CLOCK_MONOTONIC */
};

struct xv_metrics {
	const struct xv_about *about;
	char host[XV_LISTEN_LEN];
	uint16_t port;
	struct evhttp *http;
	struct evconnlistener *listener;
	struct event *tick;  /* closes late connections; ends the listener's pause */
	struct event *known; /* the connections in fresh have their sockets now */
	struct bufferevent *fresh[CONNECTIONS_MAX];
	struct taken taken[CONNECTIONS_MAX];
	size_t n_fresh, n_taken;
	bool paused;
	time_t told;
	struct xv_metrics *next;
	unsigned int answers;
};

/* All endpoints. There are two while the address changes. */
static struct xv_metrics *endpoints;

/* Tables with metrics. The FDB has none: a series for each MAC is too much for a collector. */
static const enum xv_table_id tables[] = {
	XV_TABLE_STATUS,     XV_TABLE_UPLINK,	 XV_TABLE_NETWORK,    XV_TABLE_PORT,
	XV_TABLE_PEER,	     XV_TABLE_NET_STATS, XV_TABLE_PORT_STATS, XV_TABLE_PEER_STATS,
	XV_TABLE_PATH_STATS, XV_TABLE_DROPS,
};

static int collect(const struct xv_about *about, struct evbuffer *out)
{
	struct xv_exposition exposition;
	struct xv_view view;
	struct xv_row row;
	int ret = 0, finish;
	size_t i;

	xv_exposition_start(&exposition);
	for (i = 0; i < sizeof(tables) / sizeof(tables[0]) && !ret; i++) {
		ret = xv_view_open(about, tables[i], NULL, &view, NULL);
		if (ret)
			break;
		while (!ret && xv_view_next(&view, &row))
			ret = xv_exposition_row(&exposition, &row);
		xv_view_close(&view);
	}
	finish = xv_exposition_finish(&exposition, ret ? NULL : out);
	return ret ? ret : finish;
}

static void on_answered(struct evhttp_connection *connection, void *arg)
{
	struct xv_metrics *metrics = arg;

	(void)connection;
	metrics->answers--;
}

static void reply(struct evhttp_request *request, int code, const char *reason, const char *text)
{
	struct evbuffer *body = evbuffer_new();

	evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type",
			  "text/plain; charset=utf-8");
	if (body)
		evbuffer_add_printf(body, "%s\n", text);
	evhttp_send_reply(request, code, reason, body);
	if (body)
		evbuffer_free(body);
}

static void send_metrics(struct xv_metrics *metrics, struct evhttp_request *request)
{
	struct evbuffer *body;

	if (metrics->answers >= ANSWERS_MAX) {
		reply(request, 503, "Service Unavailable", "too many scrapes at a time");
		return;
	}
	body = evbuffer_new();
	if (!body || collect(metrics->about, body)) {
		reply(request, 500, "Internal Server Error", "out of memory");
	} else {
		metrics->answers++;
		evhttp_connection_set_closecb(evhttp_request_get_connection(request), on_answered,
					      metrics);
		evhttp_add_header(evhttp_request_get_output_headers(request), "Content-Type",
				  "text/plain; version=0.0.4; charset=utf-8");
		evhttp_send_reply(request, 200, "OK", body);
	}
	if (body)
		evbuffer_free(body);
}

static void on_request(struct evhttp_request *request, void *arg)
{
	struct evkeyvalq *headers = evhttp_request_get_output_headers(request);
	const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
	const char *path = uri ? evhttp_uri_get_path(uri) : NULL;

	evhttp_add_header(headers, "Connection", "close");
	if (!path || strcmp(path, "/metrics")) {
		reply(request, 404, "Not Found", "not found: use /metrics");
	} else if (evhttp_request_get_command(request) != EVHTTP_REQ_GET) {
		evhttp_add_header(headers, "Allow", "GET");
		reply(request, 405, "Method Not Allowed", "use GET");
	} else {
		send_metrics(arg, request);
	}
}

static void start_tick(struct xv_metrics *metrics)
{
	static const struct timeval second = {.tv_sec = PAUSE_SECONDS};

	if (!evtimer_pending(metrics->tick, NULL))
		evtimer_add(metrics->tick, &second);
}

/*
 * Stops accepting for PAUSE_SECONDS. The listening socket stays readable, so without a pause the
 * event loop would try again at once.
 */
static void pause_listener(struct xv_metrics *metrics, const char *why)
{
	metrics->paused = true;
	evconnlistener_disable(metrics->listener);
	start_tick(metrics);
	if (metrics->told && xv_clock_run() - metrics->told < TELL_SECONDS)
		return;
	metrics->told = xv_clock_run();
	xv_log(LOG_WARNING, "metrics: %s; new connections wait (logged once in %d s)", why,
	       TELL_SECONDS);
}

static bool is_open(const struct taken *taken)
{
	struct stat st;

	return !fstat(taken->fd, &st) && S_ISSOCK(st.st_mode) && st.st_ino == taken->inode;
}

/*
 * Forgets sockets that are closed. Shuts down connections that are late, which libevent then
 * closes.
 */
static void look_after(struct xv_metrics *metrics)
{
	size_t i, left = 0;

	for (i = 0; i < metrics->n_taken; i++) {
		if (!is_open(&metrics->taken[i]))
			continue;
		if (xv_clock_run() >= metrics->taken[i].deadline)
			shutdown(metrics->taken[i].fd, SHUT_RDWR);
		metrics->taken[left++] = metrics->taken[i];
	}
	metrics->n_taken = left;
}

/*
 * Notes the sockets of the connections in fresh. A reference kept the connections, and so their
 * descriptors, alive until now, though libevent may have ended them.
 */
static void note_sockets(struct xv_metrics *metrics)
{
	struct taken *taken;
	struct stat st;
	size_t i;

	for (i = 0; i < metrics->n_fresh; i++) {
		taken = &metrics->taken[metrics->n_taken];
		taken->fd = bufferevent_getfd(metrics->fresh[i]);
		if (taken->fd >= 0 && !fstat(taken->fd, &st)) {
			taken->inode = st.st_ino;
			taken->deadline = xv_clock_run() + DEADLINE_SECONDS;
			metrics->n_taken++;
		}
		bufferevent_decref(metrics->fresh[i]);
	}
	metrics->n_fresh = 0;
}

static void on_known(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	note_sockets(arg);
	start_tick(arg);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct xv_metrics *metrics = arg;

	(void)fd;
	(void)what;
	look_after(metrics);
	if (metrics->paused && metrics->n_taken + metrics->n_fresh < CONNECTIONS_MAX) {
		metrics->paused = false;
		evconnlistener_enable(metrics->listener);
	}
	if (metrics->n_taken || metrics->paused)
		start_tick(metrics);
}

/*
 * libevent asks for the bufferevent of each new connection before it has a socket. The bufferevent
 * is kept in fresh until it has one.
 */
static struct bufferevent *on_connection(struct event_base *base, void *arg)
{
	struct bufferevent *bev = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
	static const struct timeval at_once = {};
	struct xv_metrics *metrics = arg;

	if (!bev)
		return NULL;
	bufferevent_incref(bev);
	metrics->fresh[metrics->n_fresh++] = bev;
	if (metrics->n_taken + metrics->n_fresh >= CONNECTIONS_MAX)
		look_after(metrics);
	if (metrics->n_taken + metrics->n_fresh >= CONNECTIONS_MAX)
		pause_listener(metrics, "as many connections as may be are open");
	evtimer_add(metrics->known, &at_once);
	return bev;
}

/* arg is libevent's own, so the endpoint is found by its listener. */
static void on_accept_error(struct evconnlistener *listener, void *arg)
{
	const char *why = strerror(errno);
	struct xv_metrics *metrics;

	(void)arg;
	for (metrics = endpoints; metrics; metrics = metrics->next)
		if (metrics->listener == listener)
			pause_listener(metrics, why);
}

static int start(struct xv_metrics *metrics, struct xv_err *err)
{
	struct evhttp_bound_socket *bound;
	int code;

	metrics->http = evhttp_new(metrics->about->model->base);
	metrics->tick = evtimer_new(metrics->about->model->base, on_tick, metrics);
	metrics->known = evtimer_new(metrics->about->model->base, on_known, metrics);
	if (!metrics->http || !metrics->tick || !metrics->known)
		return xv_err_set(err, -ENOMEM, "out of memory");
	evhttp_set_timeout(metrics->http, IDLE_SECONDS);
	evhttp_set_max_headers_size(metrics->http, HEADERS_MAX);
	evhttp_set_max_body_size(metrics->http, BODY_MAX);
	/*
	 * Allows all methods, so that on_request() answers 405 to those that are not GET. libevent
	 * would answer 501.
	 */
	evhttp_set_allowed_methods(metrics->http, 0xffff);
	evhttp_set_gencb(metrics->http, on_request, metrics);
	evhttp_set_bevcb(metrics->http, on_connection, metrics);
	errno = 0;
	bound = evhttp_bind_socket_with_handle(metrics->http, metrics->host, metrics->port);
	if (!bound) {
		code = errno ? -errno : -EADDRNOTAVAIL;
		return xv_err_set(
			err, code, "metrics.listen: cannot listen on %s port %u: %s%s",
			metrics->host, metrics->port, strerror(-code),
			code == -EACCES ? " (a port below 1024 is taken at the start only)" : "");
	}
	metrics->listener = evhttp_bound_socket_get_listener(bound);
	evconnlistener_set_error_cb(metrics->listener, on_accept_error);
	return 0;
}

static void destroy(struct xv_metrics *metrics)
{
	struct xv_metrics **at;

	if (!metrics)
		return;
	for (at = &endpoints; *at; at = &(*at)->next)
		if (*at == metrics) {
			*at = metrics->next;
			break;
		}
	if (metrics->http)
		evhttp_free(metrics->http);
	note_sockets(metrics);
	if (metrics->tick)
		event_free(metrics->tick);
	if (metrics->known)
		event_free(metrics->known);
	free(metrics);
}

static int create(const struct xv_about *about, const char *host, uint16_t port,
		  struct xv_metrics **created, struct xv_err *err)
{
	struct xv_metrics *metrics = calloc(1, sizeof(*metrics));
	int ret;

	if (!metrics)
		return xv_err_set(err, -ENOMEM, "out of memory");
	metrics->about = about;
	metrics->next = endpoints;
	endpoints = metrics;
	metrics->port = port;
	snprintf(metrics->host, sizeof(metrics->host), "%s", host);
	ret = start(metrics, err);
	if (ret)
		destroy(metrics);
	else
		*created = metrics;
	return ret;
}

/*
 * The new address includes the old one (127.0.0.1:9476, then 0.0.0.0:9476), so the old one is
 * closed first. It is opened again if the new one fails.
 */
static int swap(struct xv_metrics **metrics, const struct xv_config *config, struct xv_err *err)
{
	struct xv_metrics *old = *metrics;
	const struct xv_about *about = old->about;
	char host[XV_LISTEN_LEN];
	uint16_t port = old->port;
	int ret;

	memcpy(host, old->host, sizeof(host));
	destroy(old);
	*metrics = NULL;
	ret = create(about, config->listen_host, config->listen_port, metrics, err);
	if (ret)
		create(about, host, port, metrics, NULL);
	return ret;
}

int xv_metrics_apply(const struct xv_about *about, struct xv_metrics **metrics,
		     const struct xv_config *config, struct xv_err *err)
{
	struct xv_metrics *old = *metrics, *new = NULL;
	int ret;

	if (!config->metrics) {
		xv_metrics_stop(old);
		*metrics = NULL;
		return 0;
	}
	if (old && old->port == config->listen_port && !strcmp(old->host, config->listen_host))
		return 0;
	ret = create(about, config->listen_host, config->listen_port, &new, err);
	if (ret == -EADDRINUSE && old && old->port == config->listen_port)
		return swap(metrics, config, err);
	if (ret)
		return ret;
	destroy(old);
	*metrics = new;
	return 0;
}

void xv_metrics_stop(struct xv_metrics *metrics)
{
	destroy(metrics);
}
