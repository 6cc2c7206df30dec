/* SPDX-License-Identifier: GPL-2.0-only */
/* Networks: VNI, bd and settings. The only writer of xv_vni and xv_bd. */
#ifndef XV_NETWORK_H
#define XV_NETWORK_H

#include "maps/stats.h"
#include "model/model.h"
#include "model/origin.h"

struct xv_network_settings {
	char name[XV_NAME_LEN]; /* "": default, vni<VNI> */
	bool learning;
	bool inner_vlan;
	uint32_t ageing;
	uint32_t max_macs;
	uint32_t learn_rate;
	bool loop_detect;    /* see loop.h */
	uint16_t link_local; /* mask; see link_local.h */
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
	bool flood_dirty;      /* the list was changed since it was written */
	bool flood_fresh;      /* ... and writing it was not tried since */
	bool flood_published;  /* programs read the new list, but the old one is not erased yet */
	uint16_t flood_gen;    /* generation that programs read */
	uint16_t flood_total;  /* its number of entries */
	uint32_t learned;      /* number of learned entries in the FDB */
	uint64_t quota_denied; /* new MACs refused because of max-macs or a full FDB */
	bool full;	       /* programs are told that there is no room */
	bool short_of_room;    /* a shortage was logged, and its end was not */
	uint64_t moves;	       /* moves of learned entries */
	uint64_t loops;	       /* loops found between two ports */
	uint64_t loop_next;    /* ns: earliest time of the next test for loops */
	uint64_t duplicates;   /* how often a MAC began to flap */
	struct xv_network *next_gone;
	UT_hash_handle hh;
};

void xv_network_defaults(struct xv_network_settings *set);
struct xv_network *xv_network_find(struct xv_model *model, uint32_t vni);
/* Finds a network by its VNI as text, or by its name. NULL: there is none. */
struct xv_network *xv_network_lookup(struct xv_model *model, const char *word);
/*
 * -EEXIST: another network has the name, or the default name if none is set. Names are unique,
 * except while a file is applied that exchanges names.
 */
int xv_network_check_name(struct xv_model *model, uint32_t vni,
			  const struct xv_network_settings *set, struct xv_err *err);
/*
 * Makes a network, whose name was checked. -EEXIST: the VNI is taken; -ENOSPC: there are
 * XV_MAX_NETWORKS already.
 */
int xv_network_add(struct xv_model *model, uint32_t vni, const struct xv_network_settings *set,
		   enum xv_origin origin, struct xv_network **net, struct xv_err *err);
void xv_network_set(struct xv_model *model, struct xv_network *net,
		    const struct xv_network_settings *set);
/* The file no longer names the network, but it stays: takes the file's origin away. */
void xv_network_drop(struct xv_model *model, struct xv_network *net);
/* Deletes the network with its ports, flood list and FDB entries. */
int xv_network_del(struct xv_model *model, struct xv_network *net, struct xv_err *err);
/* Whether the network floods to a multicast group. */
bool xv_network_has_group(const struct xv_network *net);
/* The network's counters, summed over all CPUs. */
struct xv_net_stats xv_network_stats(struct xv_model *model, const struct xv_network *net);
/* For settle.c: frees deleted networks. */
void xv_network_free_gone(struct xv_model *model);
/* Writes the settings to xv_bd again, as some follow from the flood list (group or peers). */
void xv_network_write(struct xv_model *model, struct xv_network *net);
/* Makes the networks that adopted maps have. */
int xv_network_adopt(struct xv_model *model, struct xv_err *err);
/*
 * Fills xv_vni_index for adopted networks. Slots that are free are used for networks of another
 * program.
 */
void xv_network_adopt_index(struct xv_model *model);
void xv_network_free_all(struct xv_model *model);

#endif
