/* SPDX-License-Identifier: GPL-2.0-only */
/* Pinned maps: see map.h. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel/map.h"

/*
 * Whether fd is a map. (The kernel gives info about programs and links too, each in its own
 * struct.)
 */
static bool is_map(int fd)
{
	char link[32], what[32] = "";

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return readlink(link, what, sizeof(what) - 1) > 0 && !strcmp(what, "anon_inode:bpf-map");
}

int xv_map_open(const char *path, struct bpf_map_info *info)
{
	__u32 len = sizeof(*info);
	int fd = bpf_obj_get(path);

	if (fd < 0)
		return -errno;
	memset(info, 0, sizeof(*info));
	if (is_map(fd) && !bpf_obj_get_info_by_fd(fd, info, &len))
		return fd;
	close(fd);
	return -EPROTO;
}
