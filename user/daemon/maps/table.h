/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one writer of a bucket table (headers/xv_table.h), beside BPF programs that read it without
 * locks (bpf/table.h).
 *
 * What programs are promised
 *
 *  A. A key that is in the table from the beginning of a program's run to its end is found.
 *  B. A word that was found belongs to that key until the program returns. It may be read again
 *     and its last_seen may be stored. It is a value that the key has, or had during the run.
 *  C. A program that starts after an insert, update or delete returned sees what it left.
 *
 * How
 *
 * A slot is: free (key 0, word 0); live (key, word, neither 0); or spent (key 0, word not 0): the
 * key was taken away, but a program may still hold a pointer to the word. Every change is one of
 * these steps, each a single store of an aligned word, in program order:
 *
 *  1. Fill: a free slot gets the word, then the key. A program that sees the key sees the word (the
 *     key's store is a release; bpf/table.h orders the loads). [B]
 *  2. Change: the word is replaced, or its first half alone.
 *  3. Take away: the key becomes 0, the word stays; the slot is spent. A program that compared the
 *     key before still reads that key's word. [B]
 *  4. Free: after a grace period (each program that was running when it began has returned) a spent
 *     slot's word becomes 0. Nobody holds a pointer to it, so the slot may serve another key. [B]
 *
 * An entry moves, to make room, by a fill of a free slot of its other bucket with the same word: it
 * has two copies then. After a grace period every program finds the new one, whichever bucket it
 * looks into first, so the old one is taken away (3), and freed after another (4). Without the
 * first grace period a program could look into the new bucket before the fill and into the old one
 * after the taking away. [A] While there are two copies:
 *
 *  - A change is made to both, one after the other. Programs look into the first bucket first, so
 *    those that start now see it from one moment on: that of the store to that copy. [C] A delete
 *    takes both away.
 *  - Programs stamp whichever copy they found. The stamp of the old one is carried over to the new
 *    one before it is taken away, and once more when it is freed, as nobody can stamp it any more.
 *    It is carried over by compare-and-swap, so that a newer one is not lost.
 *
 * The table grows in its map: all slots of the buckets behind the mask are free. Under a wider mask
 * a bucket's keys stay, or go to one bucket behind the old mask that gets keys from nowhere else,
 * so each is copied (1) to the same slot there; then the mask is replaced in one store. Programs
 * load it once a lookup, so each finds the old copies or the new ones. [A] After a grace period
 * nobody looks for a key at its old place: stamps are carried over and the old copies are erased
 * (key, then word); no second grace period is needed. No entry moves, and the table does not grow
 * again, until then; nor does it grow while entries move.
 *
 * Everything that waits for a grace period is kept in lists, so that one grace period serves all of
 * it, and may run elsewhere meanwhile: xv_table_grace_begin(), a grace period,
 * xv_table_grace_end(). xv_table_settle() does that in place. MEMBARRIER_CMD_GLOBAL is a grace
 * period of the kernel's RCU, under which XDP and TC programs run; it takes some 15 ms.
 *
 * A writer that is killed between any two stores leaves: a spent slot; a word without a key (the
 * same to look at); a key in both of its buckets; a key under the wrong mask, or behind it. None of
 * these breaks A or B. xv_table_open() recognises them by the table alone, puts them into the lists
 * and goes on where the other one was killed. Of two copies the one in the first bucket stays.
 * Nothing is lost but stamps that programs stored into a slot after its key was taken away.
 *
 * Not thread-safe: one thread at a time, and one process. Return values are 0 or negative errno.
 */
#ifndef XV_DAEMON_TABLE_H
#define XV_DAEMON_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "maps/table_counts.h"
#include "maps/table_grace.h"
#include "maps/table_open.h"
#include "maps/table_room.h"
#include "xv_table.h"

struct xv_table;

struct xv_table_entry {
	uint64_t key; /* union xv_table_key */
	struct xv_fdb_word word;
	int result; /* of xv_table_insert_many() */
};

/*
 * Inserts a new key. -EEXIST: the key exists, and nothing has changed. -EAGAIN: both of its buckets
 * are full, and room is being made; try again after the next grace period, perhaps several times.
 * -ENOSPC: no room can be made by moving other entries. -EINVAL: key 0, or a word whose first half
 * is 0.
 */
int xv_table_insert(struct xv_table *t, uint64_t key, struct xv_fdb_word word);
/* The same, but waits for grace periods instead of returning -EAGAIN. */
int xv_table_insert_wait(struct xv_table *t, uint64_t key, struct xv_fdb_word word);
/*
 * Tries each entry whose result is -EAGAIN once, without waiting, and sets its result to that of
 * xv_table_insert(). Returns the number of entries that must be tried again.
 */
size_t xv_table_insert_some(struct xv_table *t, struct xv_table_entry *entries, size_t n);
/*
 * Inserts all entries, with few grace periods in all. Sets each result to that of
 * xv_table_insert_wait(). Returns the number of entries whose result is not 0.
 */
size_t xv_table_insert_many(struct xv_table *t, struct xv_table_entry *entries, size_t n);

/* Replaces a key's word. -ENOENT; -EINVAL as above. */
int xv_table_update(struct xv_table *t, uint64_t key, struct xv_fdb_word word);
/* Replaces only word.dest, so that a stamp that a program stores meanwhile is not lost. */
int xv_table_update_dest(struct xv_table *t, uint64_t key, struct xv_fdb_word word);
/* Deletes a key. -ENOENT. */
int xv_table_delete(struct xv_table *t, uint64_t key);
/* Prefetches what a lookup or insert of the key will read. Best about ten keys ahead of the use. */
void xv_table_prefetch(const struct xv_table *t, uint64_t key);
/* Reads a key's word, with the newest last_seen. -ENOENT: *word is untouched. */
int xv_table_lookup(const struct xv_table *t, uint64_t key, struct xv_fdb_word *word);
/*
 * Calls fn once for every entry, until fn returns non-zero, and returns that value. fn may update
 * and delete this and other entries (an entry that it deleted is not visited), but must not insert
 * or end a grace period.
 */
int xv_table_walk(struct xv_table *t, int (*fn)(void *arg, uint64_t key, struct xv_fdb_word word),
		  void *arg);
void xv_table_counts(const struct xv_table *t, struct xv_table_counts *counts);

#endif
