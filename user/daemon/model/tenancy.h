/* SPDX-License-Identifier: GPL-2.0-only */
/* Makes and deletes ports: devices that belong to a network. */
#ifndef XV_TENANCY_H
#define XV_TENANCY_H

#include "model/port.h"

enum xv_tenancy_how { XV_TENANCY_MUST_EXIST, XV_TENANCY_NOW, XV_TENANCY_LATER };

/*
 * Makes a port. -EBUSY: the device is in a network already (which err names), or is an underlay
 * device. With MUST_EXIST -ENODEV: there is no such device, or -EEXIST: the device has another
 * name; without it the port waits for its device. If attaching fails, that error is returned, but
 * the port stays and attaching is tried again. LATER: the port is attached by the queue (queue.h).
 */
int xv_tenancy_add(struct xv_model *model, struct xv_network *net, const struct xv_config_port *set,
		   enum xv_origin origin, enum xv_tenancy_how how, struct xv_err *err);
/*
 * The file names the port, which was added by hand, or had other settings: applies those of the
 * file.
 */
int xv_tenancy_take_over(struct xv_model *model, struct xv_port *port,
			 const struct xv_config_port *set);
/* The file no longer names the port: it stays if it was added by hand too, else it is deleted. */
int xv_tenancy_drop(struct xv_model *model, struct xv_port *port, struct xv_err *err);
int xv_tenancy_del(struct xv_model *model, struct xv_port *port, struct xv_err *err);
/* Deletes all ports of a network that is being deleted. */
void xv_tenancy_end_all(struct xv_model *model, struct xv_network *net);
/*
 * xv_tenancy_adopt() makes the ports that an earlier daemon left. xv_tenancy_adopted(), when the
 * underlay is configured, attaches them: by the queue if they are many, and their old programs
 * serve them meanwhile.
 */
int xv_tenancy_adopt(struct xv_model *model, struct xv_err *err);
void xv_tenancy_adopted(struct xv_model *model);

#endif
