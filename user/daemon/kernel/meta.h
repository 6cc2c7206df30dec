/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xv_meta (xv_abi.h): what any version reads of pinned maps before it touches them. Frozen; layouts
 * before 9 have none.
 */
#ifndef XV_META_H
#define XV_META_H

#include "xv_abi.h"

/* The value of a pinned xv_meta. -ENOENT: there is none; -EPROTO: what is there is something else.
 */
int xv_meta_read(const char *path, struct xv_meta_val *meta);
/* Writes an instance's, of this version, into a map that is not pinned yet. Negative errno. */
int xv_meta_write(int fd, const char *instance);

#endif
