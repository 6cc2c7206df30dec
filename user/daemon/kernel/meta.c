/* SPDX-License-Identifier: GPL-2.0-only */
/* xv_meta: see meta.h. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel/meta.h"
#include "kernel/netns.h"
#include "kernel/map.h"

int xv_meta_read(const char *path, struct xv_meta_val *meta)
{
	struct bpf_map_info info;
	int fd = xv_map_open(path, &info), ret = 0;
	struct xv_meta_val val;
	__u32 zero = 0;

	if (fd < 0)
		return fd;
	if (info.type != BPF_MAP_TYPE_ARRAY || info.key_size != sizeof(zero) ||
	    info.value_size != sizeof(val))
		ret = -EPROTO;
	else if (bpf_map_lookup_elem(fd, &zero, &val))
		ret = -errno;
	close(fd);
	if (ret)
		return ret;
	if (val.magic != XV_META_MAGIC || !val.layout || !memchr(val.version, 0, XV_META_TEXT) ||
	    !memchr(val.instance, 0, XV_META_TEXT))
		return -EPROTO;
	*meta = val;
	return 0;
}

int xv_meta_write(int fd, const char *instance)
{
	struct xv_meta_val meta = {.magic = XV_META_MAGIC, .layout = XV_ABI_VERSION};
	uint64_t cookie;
	__u32 zero = 0;
	int ret = xv_netns_cookie(&cookie);

	if (ret)
		return ret;
	meta.netns = cookie;
	snprintf(meta.version, sizeof(meta.version), "%s", XV_VERSION);
	snprintf(meta.instance, sizeof(meta.instance), "%s", instance);
	return bpf_map_update_elem(fd, &zero, &meta, BPF_ANY);
}
