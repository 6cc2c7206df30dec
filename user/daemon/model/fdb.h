/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The forwarding database: xv_fdb_table is written here and nowhere else. What outside programs put
 * into xv_fdb is shown, and deleted when its network, port or peer goes; it holds no reference,
 * counts for no quota and does not age.
 */
#ifndef XV_FDB_H
#define XV_FDB_H

#include "model/fdb_entry.h"
#include "model/network.h"
#include "model/peer.h"
#include "model/port.h"

/* The clock of last_seen, in its units. */
uint32_t xv_fdb_now(void);
/*
 * A static entry. -EEXIST if there is a static one and not replace; a learned one is replaced. The
 * peer is referenced while the entry stands. Exactly one of port and remote is given. sticky: the
 * MAC may send from elsewhere too.
 */
int xv_fdb_add_static(struct xv_model *model, struct xv_network *net, const uint8_t mac[6],
		      const struct xv_port *port, const struct xv_ip *remote, bool sticky,
		      bool replace, struct xv_err *err);
/* Who wants an entry of the table; with XV_ORIGIN_HAND it stays when the file drops it. */
uint32_t xv_fdb_origins(const struct xv_fdb_val *val);
/* Whether the file can have this entry. -EEXIST: added by hand with another destination. */
int xv_fdb_check(struct xv_model *model, struct xv_network *net, const uint8_t mac[6],
		 const struct xv_port_name *port, const struct xv_ip *remote, struct xv_err *err);
/* Named by the file no more: stays if added by hand, else is deleted. -ENOENT. */
int xv_fdb_drop(struct xv_model *model, struct xv_network *net, const uint8_t mac[6],
		struct xv_err *err);
/* -ENOENT. Takes static and learned ones. */
int xv_fdb_del(struct xv_model *model, struct xv_network *net, const uint8_t mac[6],
	       struct xv_err *err);
/*
 * Learned entry, new or moved; the caller has applied policy (learn.c). -EAGAIN: room is being
 * made, signals.room is sent when it is time to try again.
 */
int xv_fdb_learn(struct xv_model *model, struct xv_network *net, const struct xv_fdb_key *key,
		 uint8_t kind, uint32_t dst, uint16_t moves);
int xv_fdb_get(struct xv_model *model, const struct xv_fdb_key *key, struct xv_fdb_val *val);
/* Deletes an entry that is there and gives back what it held. 0 or negative errno. */
int xv_fdb_remove(struct xv_model *model, const struct xv_fdb_entry *entry);
/* Gives back what an entry held: its network's learned count, or a static one's peer. */
void xv_fdb_release(struct xv_model *model, const struct xv_fdb_key *key,
		    const struct xv_fdb_val *val);
/* Learned entries go until n more fit, from the network that has most of them. */
void xv_fdb_make_room(struct xv_model *model, size_t n);
/* Deletes what matches; returns how many, or a negative errno. */
long xv_fdb_flush(struct xv_model *model, const struct xv_fdb_filter *filter, struct xv_err *err);
/* Deletes what was learned at ports that have no device any more. */
void xv_fdb_flush_lost(struct xv_model *model);
/* For settle.c: deletes what names a network, port or peer that is gone. */
void xv_fdb_flush_gone(struct xv_model *model);
/*
 * Calls back for what matches, once each, until fn returns non-zero. Returns how many, or a
 * negative errno. fn may delete entries.
 */
long xv_fdb_walk(struct xv_model *model, const struct xv_fdb_filter *filter,
		 int (*fn)(void *arg, const struct xv_fdb_entry *entry), void *arg,
		 struct xv_err *err);
/* Learned entries that hide a static one of an outside program go. */
void xv_fdb_yield(struct xv_model *model);
int xv_fdb_adopt(struct xv_model *model, struct xv_err *err);

#endif
