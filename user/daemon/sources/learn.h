/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Learning: takes events from the ring buffer, applies policy (quota, static first) and
 * ages what is silent.
 */
#ifndef XV_LEARN_H
#define XV_LEARN_H

#include "model/fdb.h"

enum xv_learn_verdict {
	XV_LEARN_ADMIT,
	XV_LEARN_REFRESH, /* nothing to do: as known */
	XV_LEARN_OFF,	  /* learning is off, or the network or source is gone */
	XV_LEARN_STATIC,  /* a static entry stands */
	XV_LEARN_QUOTA,	  /* max-macs of the network */
};

/*
 * Policy alone: pure, for tests. old is NULL if the MAC is unknown. A MAC that is known elsewhere
 * moves, however often: to refuse a move could leave it with a forger.
 */
enum xv_learn_verdict xv_learn_decide(const struct xv_network *net, const struct xv_fdb_val *old,
				      const struct xv_event *event);

struct xv_learn;

/* After an error *learn may be set, and is to be stopped. */
int xv_learn_start(struct xv_model *model, struct xv_learn **learn, struct xv_err *err);
/* NULL is fine. */
void xv_learn_stop(struct xv_learn *learn);
/* The FDB may have made room: what waits for it is admitted. */
void xv_learn_again(struct xv_learn *learn);
/* An ageing time was set: the next sweep is not as late as those before asked for. */
void xv_learn_sweep_soon(struct xv_learn *learn);

#endif
