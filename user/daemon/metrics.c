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

#include "exposition.h"
#include "log.h"
#include "metrics.h"
#include "view.h"

enum {
	IDLE_SECONDS = 10,
	HEADERS_MAX = 8192,
	BODY_MAX = 1024,
	/*
	 * A connection serves one request and is closed, or is idle and closed: bounding how many
	 * are taken in IDLE_SECONDS bounds the file descriptors they hold. Scrapes come every few
	 * seconds.
	 */
	ACCEPTS_MAX = 256,
	ANSWERS_MAX = 8, /* being written at a time */
};

struct xv_metrics {
	struct xv_instance *inst;
	char host[XV_LISTEN_LEN];
	uint16_t port;
	struct evhttp *http;
	struct evconnlistener *listener;
	struct event *window; /* accepts counts since it started */
	unsigned int accepts;
	unsigned int answers;
};

/* Tables with metrics; the FDB has none: a series for each MAC would drown any collector. */
static const enum xv_table_id tables[] = {
	XV_TABLE_STATUS,     XV_TABLE_UPLINK,	 XV_TABLE_NETWORK,    XV_TABLE_PORT,
	XV_TABLE_PEER,	     XV_TABLE_NET_STATS, XV_TABLE_PORT_STATS, XV_TABLE_PEER_STATS,
	XV_TABLE_PATH_STATS, XV_TABLE_DROPS,
};

static int collect(struct xv_instance *inst, struct evbuffer *out)
{
	struct xv_exposition exposition;
	struct xv_view view;
	struct xv_row row;
	int ret = 0, finish;
	size_t i;

	xv_exposition_start(&exposition);
	for (i = 0; i < sizeof(tables) / sizeof(tables[0]) && !ret; i++) {
		ret = xv_view_open(inst, tables[i], NULL, &view, NULL);
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
	if (!body || collect(metrics->inst, body)) {
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

/* libevent asks for each new connection's bufferevent: where they are counted. */
static struct bufferevent *on_connection(struct event_base *base, void *arg)
{
	static const struct timeval window = {.tv_sec = IDLE_SECONDS};
	struct xv_metrics *metrics = arg;

	if (!evtimer_pending(metrics->window, NULL)) {
		metrics->accepts = 0;
		evtimer_add(metrics->window, &window);
	}
	if (++metrics->accepts >= ACCEPTS_MAX)
		evconnlistener_disable(metrics->listener);
	return bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
}

static void on_window(evutil_socket_t fd, short what, void *arg)
{
	struct xv_metrics *metrics = arg;

	(void)fd;
	(void)what;
	if (metrics->accepts >= ACCEPTS_MAX)
		xv_log(LOG_WARNING, "metrics: more than %d connections in %d s; new ones waited",
		       ACCEPTS_MAX, IDLE_SECONDS);
	metrics->accepts = 0;
	evconnlistener_enable(metrics->listener);
}

static int start(struct xv_metrics *metrics, struct xv_err *err)
{
	struct evhttp_bound_socket *bound;
	int code;

	metrics->http = evhttp_new(metrics->inst->base);
	metrics->window = evtimer_new(metrics->inst->base, on_window, metrics);
	if (!metrics->http || !metrics->window)
		return xv_err_set(err, -ENOMEM, "out of memory");
	evhttp_set_timeout(metrics->http, IDLE_SECONDS);
	evhttp_set_max_headers_size(metrics->http, HEADERS_MAX);
	evhttp_set_max_body_size(metrics->http, BODY_MAX);
	/* All that libevent knows: what is not GET is answered 405 above, not 501. */
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
	return 0;
}

static void destroy(struct xv_metrics *metrics)
{
	if (!metrics)
		return;
	if (metrics->http)
		evhttp_free(metrics->http);
	if (metrics->window)
		event_free(metrics->window);
	free(metrics);
}

static int create(struct xv_instance *inst, const char *host, uint16_t port,
		  struct xv_metrics **created, struct xv_err *err)
{
	struct xv_metrics *metrics = calloc(1, sizeof(*metrics));
	int ret;

	if (!metrics)
		return xv_err_set(err, -ENOMEM, "out of memory");
	metrics->inst = inst;
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
 * The new address takes in the old one (127.0.0.1:9476, then 0.0.0.0:9476), so that the old one
 * must go first; it is taken again if that does not help.
 */
static int swap(struct xv_instance *inst, const struct xv_config *config, struct xv_err *err)
{
	struct xv_metrics *old = inst->metrics;
	char host[XV_LISTEN_LEN];
	uint16_t port = old->port;
	int ret;

	memcpy(host, old->host, sizeof(host));
	destroy(old);
	inst->metrics = NULL;
	ret = create(inst, config->listen_host, config->listen_port, &inst->metrics, err);
	if (ret)
		create(inst, host, port, &inst->metrics, NULL);
	return ret;
}

int xv_metrics_apply(struct xv_instance *inst, const struct xv_config *config, struct xv_err *err)
{
	struct xv_metrics *old = inst->metrics, *metrics = NULL;
	int ret;

	if (!config->metrics) {
		xv_metrics_stop(inst);
		return 0;
	}
	if (old && old->port == config->listen_port && !strcmp(old->host, config->listen_host))
		return 0;
	ret = create(inst, config->listen_host, config->listen_port, &metrics, err);
	if (ret == -EADDRINUSE && old && old->port == config->listen_port)
		return swap(inst, config, err);
	if (ret)
		return ret;
	destroy(old);
	inst->metrics = metrics;
	return 0;
}

int xv_metrics_start(struct xv_instance *inst, struct xv_err *err)
{
	return xv_metrics_apply(inst, inst->config, err);
}

void xv_metrics_stop(struct xv_instance *inst)
{
	destroy(inst->metrics);
	inst->metrics = NULL;
}
