/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The forwarding database: the only writer of xv_fdb_table. Entries of outside programs in xv_fdb
 * are shown, and deleted with their network, port or peer. They hold no reference, count for no
 * quota, and do not age.
 */
#ifndef XV_FDB_H
#define XV_FDB_H

#include "model/fdb_entry.h"
#include "model/network.h"
#include "model/peer.h"
#include "model/port.h"

/* A time of CLOCK_MONOTONIC (ns), and the current time, in units of last_seen. */
uint32_t xv_fdb_tick(uint64_t ns);
uint32_t xv_fdb_now(void);
/*
 * Adds a static entry, which replaces a learned one. -EEXIST: there is a static one, and replace is
 * false. The entry holds a reference to its peer. Exactly one of port and remote is given. sticky:
 * the MAC may also send from elsewhere.
 */
int xv_fdb_add_static(struct xv_model *model, struct xv_network *net, const uint8_t mac[6],
		      const struct xv_port *port, const struct xv_ip *remote, bool sticky,
		      bool replace, struct xv_err *err);
/* The origins of an entry in the table. With XV_ORIGIN_HAND it stays when the file drops it. */
uint32_t xv_fdb_origins(const struct xv_fdb_val *val);
/* Whether the file may have this entry. -EEXIST: it was added by hand with another destination. */
int xv_fdb_check(struct xv_model *model, struct xv_network *net, const uint8_t mac[6],
		 const struct xv_port_name *port, const struct xv_ip *remote, struct xv_err *err);
/*
 * The file no longer has the entry: it stays if it was added by hand too, else it is deleted.
 * -ENOENT.
 */
int xv_fdb_drop(struct xv_model *model, struct xv_network *net, const uint8_t mac[6],
		struct xv_err *err);
/* Deletes a static or learned entry. -ENOENT. */
int xv_fdb_del(struct xv_model *model, struct xv_network *net, const uint8_t mac[6],
	       struct xv_err *err);
/*
 * Adds or moves a learned entry; the caller has applied quotas and policy (learn.c). seen: when the
 * MAC sent, in units of last_seen. -EAGAIN: room is being made; try again when signals.room is
 * sent.
 */
int xv_fdb_learn(struct xv_model *model, struct xv_network *net, const struct xv_fdb_key *key,
		 uint8_t kind, uint32_t dst, uint16_t moves, uint32_t seen);
/* A moved MAC has sent from where its entry says: programs need not tell of its frames any more. */
void xv_fdb_stays(struct xv_model *model, const struct xv_fdb_key *key,
		  const struct xv_fdb_val *val);
int xv_fdb_get(struct xv_model *model, const struct xv_fdb_key *key, struct xv_fdb_val *val);
/* Deletes an existing entry and releases what it held. 0 or negative errno. */
int xv_fdb_remove(struct xv_model *model, const struct xv_fdb_entry *entry);
/* Releases what an entry held: a learned entry its place in the quotas, a static one its peer. */
void xv_fdb_release(struct xv_model *model, const struct xv_fdb_key *key,
		    const struct xv_fdb_val *val);
/* Deletes learned entries until n more fit, from the network that has most of them. */
void xv_fdb_make_room(struct xv_model *model, size_t n);
/* Deletes the entries that match. Returns how many, or a negative errno. */
long xv_fdb_flush(struct xv_model *model, const struct xv_fdb_filter *filter, struct xv_err *err);
/* Deletes what was learned at ports that no longer have a device. */
void xv_fdb_flush_lost(struct xv_model *model);
/* For settle.c: deletes entries whose network, port or peer was deleted. */
void xv_fdb_flush_gone(struct xv_model *model);
/*
 * Calls fn once for each entry that matches, until fn returns non-zero. Returns how many matched,
 * or a negative errno. fn may delete entries.
 */
long xv_fdb_walk(struct xv_model *model, const struct xv_fdb_filter *filter,
		 int (*fn)(void *arg, const struct xv_fdb_entry *entry), void *arg,
		 struct xv_err *err);
/* Deletes learned entries that hide a static entry of an outside program in xv_fdb. */
void xv_fdb_yield(struct xv_model *model);
int xv_fdb_adopt(struct xv_model *model, struct xv_err *err);

#endif
