/* SPDX-License-Identifier: GPL-2.0-only */
/* MACs that moved lately: see flap.h. */
#include <stdlib.h>

#include "addr.h"
#include "flap.h"
#include "log.h"

enum {
	MAX_FLAPS = 65536,
};

#define SECOND 1000000000ULL
#define QUIET  (2 * XV_LEARN_HOLD_SECONDS * SECOND) /* longer than a hold, or each would forgive */

struct xv_flap {
	struct xv_fdb_key key;
	uint32_t moves;
	uint64_t last;
	uint64_t held_until;
	UT_hash_handle hh;
};

uint64_t xv_flap_held_until(const struct xv_flap *flaps, const struct xv_fdb_key *key)
{
	const struct xv_flap *flap;

	HASH_FIND(hh, flaps, key, sizeof(*key), flap);
	return flap ? flap->held_until : 0;
}

/* The MAC's, new if need be; NULL: there are too many. */
static struct xv_flap *get(struct xv_flap **flaps, const struct xv_fdb_key *key)
{
	struct xv_flap *flap;

	HASH_FIND(hh, *flaps, key, sizeof(*key), flap);
	if (flap || HASH_COUNT(*flaps) >= MAX_FLAPS)
		return flap;
	flap = calloc(1, sizeof(*flap));
	if (!flap)
		return NULL;
	flap->key = *key;
	HASH_ADD(hh, *flaps, key, sizeof(flap->key), flap);
	return flap;
}

void xv_flap_note(struct xv_flap **flaps, const struct xv_network *net,
		  const struct xv_fdb_key *key, uint64_t now)
{
	struct xv_flap *flap = get(flaps, key);
	char mac[XV_MAC_STRLEN];

	if (!flap)
		return;
	if (now - flap->last > QUIET)
		flap->moves = 0;
	flap->moves++;
	flap->last = now;
	if (flap->moves < XV_LEARN_MOVES)
		return;
	flap->held_until = now + XV_LEARN_HOLD_SECONDS * SECOND;
	xv_log_limited(LOG_WARNING, net->bd,
		       "network %s: %s moved %u times in a row; held for %d seconds", net->set.name,
		       xv_mac_format(key->mac, mac), flap->moves, XV_LEARN_HOLD_SECONDS);
}

void xv_flap_forget(struct xv_flap **flaps, uint64_t now)
{
	struct xv_flap *flap, *tmp;

	HASH_ITER (hh, *flaps, flap, tmp) {
		if (now - flap->last <= QUIET)
			continue;
		HASH_DEL(*flaps, flap);
		free(flap);
	}
}

void xv_flap_free(struct xv_flap **flaps)
{
	struct xv_flap *flap, *tmp;

	HASH_ITER (hh, *flaps, flap, tmp) {
		HASH_DEL(*flaps, flap);
		free(flap);
	}
}
