/* SPDX-License-Identifier: GPL-2.0-only */
/* Ports in networks: a device becomes a port, and is one no more. */
#ifndef XV_TENANCY_H
#define XV_TENANCY_H

#include "model/port.h"

enum xv_tenancy_how { XV_TENANCY_MUST_EXIST, XV_TENANCY_NOW, XV_TENANCY_LATER };

/*
 * -EBUSY: in a network already (named in err), or an underlay device; with MUST_EXIST
 * -ENODEV: there is no such device, and -EEXIST: it has another name. Otherwise it is attached when
 * it appears; where attaching fails, that is returned, and the port stays and is tried again.
 * LATER: in a turn of the event loop to come (queue.h).
 */
int xv_tenancy_add(struct xv_model *model, struct xv_network *net, const struct xv_config_port *set,
		   enum xv_origin origin, enum xv_tenancy_how how, struct xv_err *err);
/* Named by the configuration file: added by hand before, or of another setting. */
int xv_tenancy_take_over(struct xv_model *model, struct xv_port *port,
			 const struct xv_config_port *set);
/* Named by the file no more: stays if added by hand, else is deleted. */
int xv_tenancy_drop(struct xv_model *model, struct xv_port *port, struct xv_err *err);
int xv_tenancy_del(struct xv_model *model, struct xv_port *port, struct xv_err *err);
/* With the network: all its ports go. */
void xv_tenancy_end_all(struct xv_model *model, struct xv_network *net);
/* Ports that an earlier daemon left are known; then, with the underlay as configured, attached,
 * or, where there are many, in turns to come: their programs run meanwhile. */
int xv_tenancy_adopt(struct xv_model *model, struct xv_err *err);
void xv_tenancy_adopted(struct xv_model *model);

#endif
