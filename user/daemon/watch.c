/* SPDX-License-Identifier: GPL-2.0-only */
/* Once a second: see watch.h. */
#include <errno.h>

#include "flood.h"
#include "log.h"
#include "port_filters.h"
#include "uplink.h"
#include "watch.h"

static void on_second(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	xv_flood_retry(arg);
	xv_log_second();
	xv_uplink_second(arg);
	xv_port_filters_second(arg);
}

int xv_watch_start(struct xv_instance *inst, struct xv_err *err)
{
	struct timeval second = {.tv_sec = 1};

	inst->second = event_new(inst->base, -1, EV_PERSIST, on_second, inst);
	if (!inst->second)
		return xv_err_set(err, -ENOMEM, "out of memory");
	event_add(inst->second, &second);
	return 0;
}

void xv_watch_stop(struct xv_instance *inst)
{
	if (inst->second)
		event_free(inst->second);
	inst->second = NULL;
}
