/* SPDX-License-Identifier: GPL-2.0-only */
/* A pinned map, of whatever kind and size. */
#ifndef XV_MAP_H
#define XV_MAP_H

struct bpf_map_info;

/* Opens it and asks what it is. A file descriptor; negative errno, -EPROTO: it is no map. */
int xv_map_open(const char *path, struct bpf_map_info *info);

#endif
