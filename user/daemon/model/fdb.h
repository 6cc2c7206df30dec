/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The forwarding database: xv_fdb_table is written here and nowhere else. What outside programs put
 * into xv_fdb is shown, and deleted when its network, port or peer goes; it holds no reference,
 * counts for no quota and does not age.
 */
#ifndef XV_FDB_H
#define XV_FDB_H

#include "model/network.h"
#include "model/peer.h"
#include "model/port.h"

struct xv_fdb_entry {
	struct xv_fdb_key key;
	struct xv_fdb_val val;
	bool extra; /* in xv_fdb, from an outside program */
};

/* Which entries: every field that is set must match. */
struct xv_fdb_filter {
	uint32_t bd;  /* 0: any */
	uint8_t kind; /* enum xv_fdb_kind; XV_FDB_NONE: any */
	uint32_t dst; /* with kind; 0: any */
	bool learned; /* only learned ones */
	bool statics; /* only static ones */
};

/* The clock of last_seen, in its units. */
uint32_t xv_fdb_now(void);
/* Opens the table, new or with entries in it, which xv_fdb_adopt() then looks at. */
int xv_fdb_open(struct xv_model *model, struct xv_err *err);
/* Starts what waits in the background; with the privileges that there are by now. */
int xv_fdb_run(struct xv_model *model, struct xv_err *err);
void xv_fdb_close(struct xv_model *model);
/*
 * A static entry. -EEXIST if there is a static one and not replace; a learned one is replaced. The
 * peer is referenced while the entry stands. Exactly one of port and remote is given. sticky: the
 * MAC may send from elsewhere too.
 */
int xv_fdb_add_static(struct xv_model *model, struct xv_network *net, const uint8_t mac[6],
		      const struct xv_port *port, const struct xv_ip *remote, bool sticky,
		      bool replace, struct xv_err *err);
/* A static entry that stays when the file drops it. */
bool xv_fdb_by_hand(const struct xv_fdb_val *val);
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
/* Room for n entries together: they are then added without the table growing between them. */
void xv_fdb_reserve(struct xv_model *model, size_t n);
int xv_fdb_get(struct xv_model *model, const struct xv_fdb_key *key, struct xv_fdb_val *val);
/* The same without the entries of outside programs, which take a system call. */
int xv_fdb_get_own(struct xv_model *model, const struct xv_fdb_key *key, struct xv_fdb_val *val);
/* Fetches what the functions above will look at: some ten others before it is best. */
void xv_fdb_prefetch(const struct xv_model *model, const struct xv_fdb_key *key);
/* Deletes what matches; returns how many, or a negative errno. */
long xv_fdb_flush(struct xv_model *model, const struct xv_fdb_filter *filter, struct xv_err *err);
/* Deletes what was learned at ports that have no device any more. */
void xv_fdb_flush_lost(struct xv_model *model);
/* For batch.c: deletes what names a network, port or peer that is gone. */
void xv_fdb_flush_gone(struct xv_model *model);
/*
 * Calls back for what matches, once each, until fn returns non-zero. Returns how many, or a
 * negative errno. fn may delete entries.
 */
long xv_fdb_walk(struct xv_model *model, const struct xv_fdb_filter *filter,
		 int (*fn)(void *arg, const struct xv_fdb_entry *entry), void *arg,
		 struct xv_err *err);
/*
 * Deletes learned entries whose MAC was silent for their network's ageing time, so many at most
 * that the event loop does not notice. Returns how many; *more tells to come again soon.
 */
long xv_fdb_age(struct xv_model *model, bool *more);
/* Entries of the table that no static one can take the place of. */
size_t xv_fdb_count_static(const struct xv_model *model);
/* Entries of the table, static and learned. */
size_t xv_fdb_count(const struct xv_model *model);
/* Microseconds that the last xv_fdb_age() took; 0: there was none yet. */
uint32_t xv_fdb_sweep_us(const struct xv_model *model);
/* Learned entries that hide a static one of an outside program go. */
void xv_fdb_yield(struct xv_model *model);
int xv_fdb_adopt(struct xv_model *model, struct xv_err *err);

#endif
