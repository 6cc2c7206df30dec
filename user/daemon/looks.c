/* SPDX-License-Identifier: GPL-2.0-only */
/* Work that is done once a second: see looks.h. */
#include "looks.h"
#include "model/attachment.h"
#include "model/flood.h"
#include "model/hop.h"
#include "model/local.h"
#include "model/pmtu.h"
#include "model/underlay.h"
#include "model/vlan.h"

static void look_at_model(void *arg)
{
	struct xv_model *model = arg;

	xv_flood_retry(model);
	xv_pmtu_second(model);
	xv_local_second(model);
	xv_underlay_second(model);
	xv_attachment_second(model);
	xv_hop_second(model);
	xv_vlan_second(model);
}

int xv_looks_start(struct xv_model *model, struct xv_follow *follow, struct xv_watch *watch,
		   struct xv_control *control, struct xv_tick **tick, struct xv_err *err)
{
	int ret = xv_tick_start(model->base, tick, err);

	if (ret)
		return ret;
	xv_tick_add(*tick, look_at_model, model);
	xv_tick_add(*tick, xv_follow_second, follow);
	xv_tick_add(*tick, xv_watch_second, watch);
	xv_tick_add(*tick, xv_control_second, control);
	return 0;
}
