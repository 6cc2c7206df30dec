/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Learning: takes events from the ring buffer, decides whether to learn the MAC (quotas apply,
 * static entries win), and ages out entries of silent MACs.
 */
#ifndef XV_LEARN_H
#define XV_LEARN_H

#include "model/fdb.h"

enum xv_learn_verdict {
	XV_LEARN_ADMIT,
	XV_LEARN_REFRESH, /* the entry is right already */
	XV_LEARN_LATE,	  /* the MAC was heard where its entry says since the event */
	XV_LEARN_OFF,	  /* learning is off, or the network or the source is gone */
	XV_LEARN_STATIC,  /* a static entry has the MAC */
	XV_LEARN_QUOTA,	  /* the network has its max-macs */
};

/*
 * Decides, without side effects (for tests). old: the MAC's entry, or NULL. A MAC that moves is
 * always followed, however often: if moves were refused, a forger could keep the MAC.
 */
enum xv_learn_verdict xv_learn_decide(const struct xv_network *net, const struct xv_fdb_val *old,
				      const struct xv_event *event);

struct xv_learn;

/* After an error *learn may be set, and must be stopped. */
int xv_learn_start(struct xv_model *model, struct xv_learn **learn, struct xv_err *err);
/* learn may be NULL. */
void xv_learn_stop(struct xv_learn *learn);
/* To be called when the FDB may have room again: handles the events that wait for room. */
void xv_learn_again(struct xv_learn *learn);
/* To be called when an ageing time was set: the next sweep may be due earlier than planned. */
void xv_learn_sweep_soon(struct xv_learn *learn);

#endif
