/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Computes the difference between two configurations. Networks are paired by VNI, members of
 * networks by their key (device and VLAN, address, MAC), both by sorting. See plan.h.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "config/plan.h"
#include "keyset.h"

enum {
	N_OP_TYPES = XV_OP_FDB_ADD + 1,
	PORT_KEY_LEN = offsetof(struct xv_config_port, vlan) + sizeof(uint16_t),
};

/* Pairs the objects of two sets by key. Grown as needed, and used again. */
struct pairing {
	struct xv_key *have_keys, *want_keys;
	uint32_t *have_twin, *want_twin; /* index of the pair in the other set, or XV_KEYSET_NONE */
	size_t room;
};

struct builder {
	struct xv_op *ops; /* not ordered yet */
	size_t n_ops, room;
	struct pairing networks, members;
};

static int grow(void *array, size_t n, size_t size)
{
	void **base = array;
	void *bigger = reallocarray(*base, n, size);

	if (!bigger)
		return -ENOMEM;
	*base = bigger;
	return 0;
}

static int pairing_reserve(struct pairing *p, size_t n)
{
	if (n <= p->room)
		return 0;
	p->room = 0;
	if (grow(&p->have_keys, n, sizeof(*p->have_keys)) ||
	    grow(&p->want_keys, n, sizeof(*p->want_keys)) ||
	    grow(&p->have_twin, n, sizeof(*p->have_twin)) ||
	    grow(&p->want_twin, n, sizeof(*p->want_twin)))
		return -ENOMEM;
	p->room = n;
	return 0;
}

static void pairing_free(struct pairing *p)
{
	free(p->have_keys);
	free(p->want_keys);
	free(p->have_twin);
	free(p->want_twin);
}

/* The objects of one set: n objects of `size` bytes from base, each with its key at an offset. */
struct side {
	const void *base;
	size_t n;
};

struct key_place {
	size_t size, offset, len;
};

static void set_keys(struct xv_key *keys, const struct side *side, const struct key_place *place)
{
	const char *object = side->base;
	size_t i;

	for (i = 0; i < side->n; i++, object += place->size)
		xv_keyset_set(&keys[i], object + place->offset, place->len, i);
	xv_keyset_sort(keys, side->n);
}

static int pair(struct pairing *p, const struct side *have, const struct side *want,
		const struct key_place *place)
{
	int err;

	err = pairing_reserve(p, have->n > want->n ? have->n : want->n);
	if (err)
		return err;
	set_keys(p->have_keys, have, place);
	set_keys(p->want_keys, want, place);
	xv_keyset_match(p->have_keys, have->n, p->have_twin, p->want_keys, want->n, p->want_twin);
	return 0;
}

static int emit(struct builder *b, const struct xv_op *op)
{
	size_t room = b->room ? 2 * b->room : 64;

	if (b->n_ops == b->room) {
		if (grow(&b->ops, room, sizeof(*b->ops)))
			return -ENOMEM;
		b->room = room;
	}
	b->ops[b->n_ops++] = *op;
	return 0;
}

/* A kind of members: where a network has them, and the operations on them. */
struct member_kind {
	struct key_place place;
	enum xv_op_type del, add;
	struct side (*side)(const struct xv_config_network *network);
	void (*set)(struct xv_op *op, const void *object);
	bool (*same)(const void *have, const void *want); /* with equal keys; NULL: always */
};

static struct side port_side(const struct xv_config_network *network)
{
	return (struct side){network->ports, network->n_ports};
}

static void port_set(struct xv_op *op, const void *object)
{
	op->port = object;
}

static bool port_same(const void *have, const void *want)
{
	const struct xv_config_port *h = have, *w = want;

	return h->xdp == w->xdp && h->filters == w->filters && h->max_macs == w->max_macs;
}

static struct side flood_side(const struct xv_config_network *network)
{
	return (struct side){network->flood, network->n_flood};
}

static void flood_set(struct xv_op *op, const void *object)
{
	op->remote = object;
}

static struct side fdb_side(const struct xv_config_network *network)
{
	return (struct side){network->fdb, network->n_fdb};
}

static void fdb_set(struct xv_op *op, const void *object)
{
	op->fdb = object;
}

static bool fdb_same(const void *have, const void *want)
{
	const struct xv_config_fdb *h = have, *w = want;

	if (h->is_port != w->is_port || h->sticky != w->sticky)
		return false;
	if (h->is_port)
		return h->port.vlan == w->port.vlan && !strcmp(h->port.dev, w->port.dev);
	return xv_ip_equal(&h->remote, &w->remote);
}

static const struct member_kind member_kinds[] = {
	{
		.place = {sizeof(struct xv_config_port), offsetof(struct xv_config_port, dev),
			  PORT_KEY_LEN},
		.del = XV_OP_PORT_DEL,
		.add = XV_OP_PORT_ADD,
		.side = port_side,
		.set = port_set,
		.same = port_same,
	},
	{
		.place = {sizeof(struct xv_config_remote), offsetof(struct xv_config_remote, ip),
			  sizeof(struct xv_ip)},
		.del = XV_OP_FLOOD_DEL,
		.add = XV_OP_FLOOD_ADD,
		.side = flood_side,
		.set = flood_set,
	},
	{
		.place = {sizeof(struct xv_config_fdb), offsetof(struct xv_config_fdb, mac), 6},
		.del = XV_OP_FDB_DEL,
		.add = XV_OP_FDB_ADD,
		.side = fdb_side,
		.set = fdb_set,
		.same = fdb_same,
	},
};

/* Compares one kind of members of a network. have or want is an empty network if it is missing. */
static int diff_kind(struct builder *b, const struct member_kind *kind,
		     const struct xv_config_network *have, const struct xv_config_network *want)
{
	struct side old = kind->side(have), new = kind->side(want);
	struct pairing *p = &b->members;
	const char *object;
	struct xv_op op;
	uint32_t twin;
	size_t i;
	int err;

	err = pair(p, &old, &new, &kind->place);
	if (err)
		return err;
	op = (struct xv_op){.type = kind->del, .vni = have->vni, .network = have};
	for (i = 0, object = old.base; i < old.n && !err; i++, object += kind->place.size) {
		if (p->have_twin[i] != XV_KEYSET_NONE)
			continue;
		kind->set(&op, object);
		err = emit(b, &op);
	}
	op = (struct xv_op){.type = kind->add, .vni = want->vni, .network = want};
	for (i = 0, object = new.base; i < new.n && !err; i++, object += kind->place.size) {
		twin = p->want_twin[i];
		if (twin != XV_KEYSET_NONE &&
		    (!kind->same ||
		     kind->same((const char *)old.base + twin * kind->place.size, object)))
			continue;
		kind->set(&op, object);
		err = emit(b, &op);
	}
	return err;
}

static bool network_same(const struct xv_config_network *a, const struct xv_config_network *b)
{
	return !strcmp(a->name, b->name) && a->learning == b->learning &&
	       a->inner_vlan == b->inner_vlan && a->ageing == b->ageing &&
	       a->max_macs == b->max_macs && a->learn_rate == b->learn_rate &&
	       a->link_local == b->link_local && a->loop_detect == b->loop_detect &&
	       a->has_group == b->has_group &&
	       (!a->has_group || xv_ip_equal(&a->group, &b->group)) &&
	       !strcmp(a->group_dev, b->group_dev);
}

/* Compares a network. have or want is NULL if it is missing. */
static int diff_network(struct builder *b, const struct xv_config_network *have,
			const struct xv_config_network *want)
{
	static const struct xv_config_network none;
	struct xv_op op = {.vni = want ? want->vni : have->vni, .network = want ? want : have};
	size_t i;
	int err = 0;

	op.type = !have ? XV_OP_NETWORK_ADD : !want ? XV_OP_NETWORK_DEL : XV_OP_NETWORK_SET;
	if (!have || !want || !network_same(have, want))
		err = emit(b, &op);
	for (i = 0; i < sizeof(member_kinds) / sizeof(member_kinds[0]) && !err; i++)
		err = diff_kind(b, &member_kinds[i], have ? have : &none, want ? want : &none);
	return err;
}

static int diff_networks(struct builder *b, const struct xv_config *have,
			 const struct xv_config *want)
{
	static const struct key_place place = {sizeof(struct xv_config_network),
					       offsetof(struct xv_config_network, vni),
					       sizeof(uint32_t)};
	struct side old = {have->networks, have->n_networks};
	struct side new = {want->networks, want->n_networks};
	struct pairing *p = &b->networks;
	uint32_t twin;
	size_t i;
	int err;

	err = pair(p, &old, &new, &place);
	for (i = 0; i < old.n && !err; i++)
		if (p->have_twin[i] == XV_KEYSET_NONE)
			err = diff_network(b, &have->networks[i], NULL);
	for (i = 0; i < new.n && !err; i++) {
		twin = p->want_twin[i];
		err = diff_network(b, twin == XV_KEYSET_NONE ? NULL : &have->networks[twin],
				   &want->networks[i]);
	}
	return err;
}

/* Sorts the operations by type. Those of one type keep their order, which is that of the files. */
static int order_ops(const struct builder *b, struct xv_plan *plan)
{
	size_t at[N_OP_TYPES + 1] = {}, i;
	struct xv_op *ops;

	if (!b->n_ops)
		return 0;
	ops = calloc(b->n_ops, sizeof(*ops));
	if (!ops)
		return -ENOMEM;
	for (i = 0; i < b->n_ops; i++)
		at[b->ops[i].type + 1]++;
	for (i = 1; i < N_OP_TYPES; i++)
		at[i] += at[i - 1];
	for (i = 0; i < b->n_ops; i++)
		ops[at[b->ops[i].type]++] = b->ops[i];
	plan->ops = ops;
	plan->n_ops = b->n_ops;
	return 0;
}

int xv_plan_make(const struct xv_config *have, const struct xv_config *want, struct xv_plan *plan)
{
	struct xv_plan made = {};
	struct builder b = {};
	int err;

	err = diff_networks(&b, have, want);
	if (!err)
		err = order_ops(&b, &made);
	if (!err)
		*plan = made;
	free(b.ops);
	pairing_free(&b.networks);
	pairing_free(&b.members);
	return err;
}

void xv_plan_free(struct xv_plan *plan)
{
	if (!plan)
		return;
	free(plan->ops);
	plan->ops = NULL;
	plan->n_ops = 0;
}
