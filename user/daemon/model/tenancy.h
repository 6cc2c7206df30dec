/* SPDX-License-Identifier: GPL-2.0-only */
/* Ports in networks: a device becomes a port, and is one no more. */
#ifndef XV_TENANCY_H
#define XV_TENANCY_H

#include "model/port.h"

/*
 * -EBUSY: in a network already (named in err), or an underlay device; with must_exist -ENODEV:
 * there is no such device, and -EEXIST: it has another name. Without must_exist it is attached when
 * it appears; where attaching fails, that is returned, and the port stays and is tried again.
 */
int xv_tenancy_add(struct xv_model *model, struct xv_network *net, const struct xv_config_port *set,
		   enum xv_origin origin, bool must_exist, struct xv_err *err);
/* Named by the configuration file: added by hand before, or of another setting. */
int xv_tenancy_take_over(struct xv_model *model, struct xv_port *port,
			 const struct xv_config_port *set);
/* Named by the file no more: stays if added by hand, else is deleted. */
int xv_tenancy_drop(struct xv_model *model, struct xv_port *port, struct xv_err *err);
int xv_tenancy_del(struct xv_model *model, struct xv_port *port, struct xv_err *err);
/* With the network: all its ports go. */
void xv_tenancy_end_all(struct xv_model *model, struct xv_network *net);
/* Ports that an earlier daemon left are known; then, with the underlay as configured, attached. */
int xv_tenancy_adopt(struct xv_model *model, struct xv_err *err);
void xv_tenancy_adopted(struct xv_model *model);

#endif
