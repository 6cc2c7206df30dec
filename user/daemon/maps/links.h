/* SPDX-License-Identifier: GPL-2.0-only */
/* All programs that an instance has on devices, as its pinned links and maps name them. */
#ifndef XV_LINKS_H
#define XV_LINKS_H

#include <stdbool.h>
#include <stdint.h>

/* Whether any pinned link still holds a device. */
bool xv_links_are_live(const char *pin_dir);
/*
 * Whether a program of the instance is on a device of this network namespace: in another one the
 * device's index is that of another device, or of none. Of any layout.
 */
bool xv_links_are_here(const char *pin_dir);
/* Calls fn for the device of every pinned link, not always once only. */
void xv_links_each(const char *pin_dir, void (*fn)(void *arg, uint32_t ifindex), void *arg);
/* Takes every program of an instance off its devices, strippers first. */
void xv_links_remove_all(const char *pin_dir);

#endif
