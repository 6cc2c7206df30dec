/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pin directories: /sys/fs/bpf/xvtep/INSTANCE, where the maps and links of an instance are pinned.
 * Decides what a start may do with the pins that are there, and removes them.
 */
#ifndef XV_PIN_DIR_H
#define XV_PIN_DIR_H

#include "err.h"
#include "kernel/pinned.h"

/*
 * Makes the directory, mounts the BPF file system if it is not, locks it (*lock_fd, which is -1
 * before; the caller releases it, also after a failure), and reads what is pinned there. 1: maps
 * that can be taken over; 0: there are none. -EPROTO: the layout cannot be taken over; -EBUSY:
 * another daemon, or an instance in another network namespace, has it; nothing was changed.
 */
int xv_pin_dir_take(const char *pin_dir, int *lock_fd, struct xv_pinned *pinned,
		    struct xv_err *err);
/* Makes the directory again, and locks it, if somebody removed it. */
int xv_pin_dir_renew(const char *pin_dir, int *lock_fd, struct xv_err *err);
/* Whether only this mount namespace has the BPF file system, so that the pins vanish with it. */
bool xv_pin_dir_is_private(void);
/* Removes everything that is pinned for an instance, links first. 0 also if there is nothing. */
int xv_pin_dir_remove(const char *instance, struct xv_err *err);

#endif
