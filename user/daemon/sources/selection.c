/* SPDX-License-Identifier: GPL-2.0-only */
/* Selects the objects that a command is about: see selection.h. */
#include <string.h>

#include "sources/selection.h"

bool xv_selection_has_port(const struct xv_selection *selection, const struct xv_port *port)
{
	if (*selection->dev && strcmp(selection->dev, port->key.dev))
		return false;
	return !selection->has_vlan || selection->vlan == port->key.vlan;
}
