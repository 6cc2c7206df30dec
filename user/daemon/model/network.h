/* SPDX-License-Identifier: GPL-2.0-only */
/* Networks: VNI, bd and settings; xv_vni and xv_bd are written here and nowhere else. */
#ifndef XV_NETWORK_H
#define XV_NETWORK_H

#include "maps/stats.h"
#include "model/model.h"
#include "model/origin.h"

struct xv_network_settings {
	char name[XV_NAME_LEN]; /* "": vni<VNI> */
	bool learning;
	bool inner_vlan;
	uint32_t ageing;
	uint32_t max_macs;
	uint32_t learn_rate;
	bool loop_detect;    /* see loop.h */
	uint16_t link_local; /* mask: see link_local.h */
};

struct xv_flood_member {
	struct xv_flood_val val;
};

struct xv_network {
	uint32_t vni;
	uint32_t bd;
	uint32_t origins; /* enum xv_origin */
	struct xv_network_settings set;
	struct xv_flood_member *flood; /* ports first, then remotes */
	size_t n_flood;
	bool flood_dirty;      /* list changed since it was written */
	bool flood_fresh;      /* ... and was not tried to be written since */
	bool flood_published;  /* ... and programs read it, but the old one is not erased yet */
	uint16_t flood_gen;    /* generation that programs read */
	uint16_t flood_total;  /* entries written under it */
	uint32_t learned;      /* learned entries in the FDB now */
	uint64_t quota_denied; /* new MACs refused: max-macs, or the FDB is full */
	bool full;	       /* ... and programs know, until there is room */
	bool short_of_room;    /* ... and the log says so, until there is some more */
	uint64_t moves;	       /* of learned entries */
	uint64_t loops;	       /* between two ports, that were found */
	uint64_t loop_next;    /* ns; not looked for before */
	uint64_t duplicates;   /* times that a MAC began to move to and fro */
	struct xv_network *next_gone;
	UT_hash_handle hh;
};

void xv_network_defaults(struct xv_network_settings *set);
struct xv_network *xv_network_find(struct xv_model *model, uint32_t vni);
/* By "100" or by name; NULL if there is none. */
struct xv_network *xv_network_lookup(struct xv_model *model, const char *word);
/*
 * Names are unique, but while a file is applied that exchanges them. -EEXIST: another VNI has the
 * one that is set, or the one that the network gets if none is.
 */
int xv_network_check_name(struct xv_model *model, uint32_t vni,
			  const struct xv_network_settings *set, struct xv_err *err);
/* The name is checked. -EEXIST: VNI is taken; -ENOSPC: XV_MAX_NETWORKS. */
int xv_network_add(struct xv_model *model, uint32_t vni, const struct xv_network_settings *set,
		   enum xv_origin origin, struct xv_network **net, struct xv_err *err);
void xv_network_set(struct xv_model *model, struct xv_network *net,
		    const struct xv_network_settings *set);
/* The file names it no more, but it stays, until the file names it again and drops it. */
void xv_network_drop(struct xv_model *model, struct xv_network *net);
/* With its ports, flood list and FDB entries. */
int xv_network_del(struct xv_model *model, struct xv_network *net, struct xv_err *err);
/* Whether it floods to a multicast group. */
bool xv_network_has_group(const struct xv_network *net);
/* Counters, over all CPUs. */
struct xv_net_stats xv_network_stats(struct xv_model *model, const struct xv_network *net);
/* For settle.c: frees those that were deleted. */
void xv_network_free_gone(struct xv_model *model);
/* Writes the settings to xv_bd again (its flood list changed between peers and group). */
void xv_network_write(struct xv_model *model, struct xv_network *net);
/* Fills model->networks from adopted maps. */
int xv_network_adopt(struct xv_model *model, struct xv_err *err);
/* The same for xv_vni_index; free slots go to what another program provisioned. */
void xv_network_adopt_index(struct xv_model *model);
void xv_network_free_all(struct xv_model *model);

#endif
