/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xv_meta (xv_abi.h), which every version reads before it touches other pinned maps. Its format is
 * frozen. Layouts before 9 do not have it.
 */
#ifndef XV_META_H
#define XV_META_H

#include "xv_abi.h"

/* Reads a pinned xv_meta. -ENOENT: there is none; -EPROTO: the pin is something else. */
int xv_meta_read(const char *path, struct xv_meta_val *meta);
/*
 * Writes the value for an instance of this version into a map that is not pinned yet. 0 or negative
 * errno.
 */
int xv_meta_write(int fd, const char *instance);

#endif
