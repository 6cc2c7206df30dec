/* SPDX-License-Identifier: GPL-2.0-only */
/* Rows of flood lists: see flood_row.h. */
#include <bpf/bpf.h>

#include "addr.h"
#include "model/flood_row.h"

/* A copy of the list that programs read, made for the list's first row. */
static struct {
	uint32_t bd, n;
	uint16_t gen;
	struct xv_flood_member list[XV_MAX_FLOOD_LIST];
} copy;

static void copy_list(const struct xv_model *model, const struct xv_network *net)
{
	struct xv_flood_key key = {.bd = net->bd, .gen = net->flood_gen};

	copy.bd = net->bd;
	copy.gen = net->flood_gen;
	copy.n = 0;
	for (; key.index < net->flood_total && copy.n < XV_MAX_FLOOD_LIST; key.index++)
		if (!bpf_map_lookup_elem(model->dp->fd.flood, &key, &copy.list[copy.n].val))
			copy.n++;
}

static bool is_in(const struct xv_flood_member *list, size_t n,
		  const struct xv_flood_member *member)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i].val.kind == member->val.kind && list[i].val.id == member->val.id &&
		    xv_ip_equal(&list[i].val.remote, &member->val.remote))
			return true;
	return false;
}

bool xv_flood_row_next(const struct xv_model *model, const struct xv_network *net, uint32_t *at,
		       struct xv_flood_row *row)
{
	if (!net->flood_dirty) {
		if (*at >= net->n_flood)
			return false;
		row->state = XV_FLOOD_READ;
		row->member = net->flood[(*at)++];
		return true;
	}
	if (!*at || copy.bd != net->bd || copy.gen != net->flood_gen)
		copy_list(model, net);
	if (*at < copy.n) {
		row->member = copy.list[(*at)++];
		row->state = is_in(net->flood, net->n_flood, &row->member) ? XV_FLOOD_READ
									   : XV_FLOOD_LEAVING;
		return true;
	}
	while (*at - copy.n < net->n_flood) {
		row->member = net->flood[(*at)++ - copy.n];
		row->state = XV_FLOOD_COMING;
		if (!is_in(copy.list, copy.n, &row->member))
			return true;
	}
	return false;
}
