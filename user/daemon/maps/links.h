/* SPDX-License-Identifier: GPL-2.0-only */
/* All programs that an instance has on devices, found by its pinned links and maps. */
#ifndef XV_LINKS_H
#define XV_LINKS_H

#include <stdbool.h>
#include <stdint.h>

/* Whether any pinned link is still attached to a device. */
bool xv_links_are_live(const char *pin_dir);
/*
 * Whether a program of the instance is attached to a device of this network namespace. (In another
 * namespace a device's index means another device or none.) Works for any layout.
 */
bool xv_links_are_here(const char *pin_dir);
/* Calls fn for the device of every pinned link, perhaps several times for one device. */
void xv_links_each(const char *pin_dir, void (*fn)(void *arg, uint32_t ifindex), void *arg);
/* Detaches every program of an instance, those that strip outer headers first. */
void xv_links_remove_all(const char *pin_dir);

#endif
