/* SPDX-License-Identifier: GPL-2.0-only */
/* MACs that moved recently: see flap.h. */
#include <stdlib.h>

#include "addr.h"
#include "log.h"
#include "model/flap.h"
#include "model/loop.h"

enum {
	MAX_FLAPS = 65536,
};

#define SECOND 1000000000ULL
#define QUIET  (XV_FLAP_QUIET_SECONDS * SECOND)
#define AGAIN  (60 * SECOND) /* until the same duplicate is logged again */

struct xv_flap {
	struct xv_fdb_key key;
	struct xv_place from, to; /* of the last move */
	uint32_t moves;		  /* moves since the MAC was last quiet */
	uint32_t returns;	  /* consecutive moves back to the place before */
	struct xv_place first;	  /* where it was before it began to move */
	uint64_t since;		  /* beginning of the second in which `lately` counts returns */
	uint32_t lately;
	uint64_t last;
	uint64_t told; /* when it was logged; 0: not yet */
	UT_hash_handle hh;
};

static struct xv_flap *find(const struct xv_model *model, const struct xv_fdb_key *key)
{
	struct xv_flap *flap;

	HASH_FIND(hh, model->flaps, key, sizeof(*key), flap);
	return flap;
}

/* Finds or makes the MAC's object. NULL: there are too many. */
static struct xv_flap *get(struct xv_model *model, const struct xv_fdb_key *key)
{
	struct xv_flap *flap = find(model, key);

	if (flap || HASH_COUNT(model->flaps) >= MAX_FLAPS)
		return flap;
	flap = calloc(1, sizeof(*flap));
	if (!flap)
		return NULL;
	flap->key = *key;
	HASH_ADD(hh, model->flaps, key, sizeof(flap->key), flap);
	return flap;
}

static bool is_duplicate(const struct xv_flap *flap)
{
	return flap->returns >= XV_FLAP_RETURNS;
}

static void tell(struct xv_model *model, const struct xv_network *net, struct xv_flap *flap,
		 uint64_t now)
{
	char mac[XV_MAC_STRLEN], to[XV_PLACE_STRLEN], from[XV_PLACE_STRLEN];

	flap->told = now;
	xv_log_limited(LOG_WARNING, net->bd,
		       "network %s: %s is in two places, %s and %s: it moved %u times to and fro; "
		       "two stations with one address, or one that forges the other's",
		       net->set.name, xv_mac_format(flap->key.mac, mac),
		       xv_place_text(model, flap->from, from), xv_place_text(model, flap->to, to),
		       flap->moves);
}

static void note_rate(struct xv_model *model, struct xv_network *net, struct xv_flap *flap,
		      uint64_t now)
{
	struct xv_place other = xv_place_equal(flap->to, flap->first) ? flap->from : flap->to;

	if (now - flap->since >= SECOND) {
		flap->since = now;
		flap->lately = 0;
	}
	if (flap->returns && ++flap->lately == XV_LOOP_RETURNS)
		xv_loop_suspect(model, net, xv_place_equal(flap->to, other) ? flap->from : flap->to,
				other, now);
}

void xv_flap_note(struct xv_model *model, struct xv_network *net, const struct xv_fdb_key *key,
		  struct xv_place from, struct xv_place to, uint64_t now)
{
	struct xv_flap *flap = get(model, key);
	bool was;

	if (!flap)
		return;
	if (now - flap->last > QUIET) {
		flap->moves = 0;
		flap->returns = 0;
		flap->told = 0;
	}
	if (!flap->moves)
		flap->first = from;
	was = is_duplicate(flap);
	if (flap->moves && xv_place_equal(from, flap->to) && xv_place_equal(to, flap->from))
		flap->returns++;
	else
		flap->returns = 0;
	flap->moves++;
	flap->from = from;
	flap->to = to;
	flap->last = now;
	note_rate(model, net, flap, now);
	if (!is_duplicate(flap))
		return;
	if (!was)
		net->duplicates++;
	if (!flap->told || now - flap->told >= AGAIN)
		tell(model, net, flap, now);
}

bool xv_flap_other(const struct xv_model *model, const struct xv_fdb_key *key, struct xv_place here,
		   struct xv_place *other)
{
	const struct xv_flap *flap = find(model, key);

	if (!flap || !is_duplicate(flap))
		return false;
	*other = xv_place_equal(here, flap->to) ? flap->from : flap->to;
	return true;
}

void xv_flap_forget(struct xv_model *model, uint64_t now)
{
	struct xv_flap *flap, *tmp;

	HASH_ITER (hh, model->flaps, flap, tmp) {
		if (now - flap->last <= QUIET)
			continue;
		HASH_DEL(model->flaps, flap);
		free(flap);
	}
}

void xv_flap_free(struct xv_model *model)
{
	struct xv_flap *flap, *tmp;

	HASH_ITER (hh, model->flaps, flap, tmp) {
		HASH_DEL(model->flaps, flap);
		free(flap);
	}
}
