/* SPDX-License-Identifier: GPL-2.0-only */
/* Changes that end together: see batch.h. */
#include "model/batch.h"

void xv_batch_begin(struct xv_model *model)
{
	model->batch->depth++;
}

void xv_batch_hold(struct xv_model *model)
{
	model->batch->holds++;
}

void xv_batch_release(struct xv_model *model)
{
	model->batch->holds--;
}

bool xv_batch_may_drop_peers(const struct xv_model *model)
{
	return model->batch->peers_unused && !model->batch->holds;
}

static int settle(struct xv_model *model, struct xv_err *err)
{
	return model->signals.settle ? model->signals.settle(model, err) : 0;
}

int xv_batch_commit(struct xv_model *model, struct xv_err *err)
{
	int ret = model->batch->depth == 1 ? settle(model, err) : 0;

	model->batch->depth--;
	return ret;
}

bool xv_batch_make_room(struct xv_model *model)
{
	if (!model->batch->entries && !model->batch->groups_unused &&
	    !xv_batch_may_drop_peers(model))
		return false;
	settle(model, NULL);
	return !model->flood_behind;
}
