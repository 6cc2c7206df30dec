/* SPDX-License-Identifier: GPL-2.0-only */
/* Opens a pinned map of any kind and size. */
#ifndef XV_MAP_H
#define XV_MAP_H

struct bpf_map_info;

/*
 * Opens the map and reads its info. Returns a file descriptor or negative errno; -EPROTO: it is not
 * a map.
 */
int xv_map_open(const char *path, struct bpf_map_info *info);

#endif
