/* SPDX-License-Identifier: GPL-2.0-only */
/* All programs of an instance on devices: see links.h. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <inttypes.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kernel/attach.h"
#include "kernel/clsact.h"
#include "kernel/pinned.h"
#include "kernel/rcu.h"
#include "maps/links.h"

enum {
	TCX_INGRESS = 46, /* BPF_TCX_INGRESS: UAPI of Linux 6.6 */
	TCX_MAX = 64,	  /* programs at one hook, the kernel's own limit */
};

/*
 * Calls fn for the pins whose names begin with prefix, until it returns true. Returns whether it
 * did.
 */
static bool each_link(const char *pin_dir, const char *prefix,
		      bool (*fn)(const char *path, void *arg), void *arg)
{
	char dir[160], path[512];
	struct dirent *entry;
	bool stop = false;
	DIR *d;

	snprintf(dir, sizeof(dir), "%s/links", pin_dir);
	d = opendir(dir);
	if (!d)
		return false;
	while (!stop && (entry = readdir(d))) {
		if (entry->d_name[0] == '.' || strncmp(entry->d_name, prefix, strlen(prefix)))
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		stop = fn(path, arg);
	}
	closedir(d);
	return stop;
}

static bool link_remove(const char *path, void *arg)
{
	(void)arg;
	xv_attach_remove(path);
	return false;
}

/*
 * Detaches and unpins a TC link, whatever its layout calls it. Skips the marks of clsact.h, which
 * are directories.
 */
static bool link_remove_tc(const char *path, void *arg)
{
	int fd = bpf_obj_get(path);

	(void)arg;
	if (fd < 0)
		return false;
	close(fd);
	xv_attach_remove(path);
	return false;
}

static bool link_is_live(const char *path, void *arg)
{
	int fd = bpf_obj_get(path);
	bool live = fd >= 0 && xv_attach_ifindex(fd);

	(void)arg;
	if (fd >= 0)
		close(fd);
	return live;
}

bool xv_links_are_live(const char *pin_dir)
{
	return each_link(pin_dir, "", link_is_live, NULL);
}

struct to_tell {
	void (*fn)(void *arg, uint32_t ifindex);
	void *arg;
};

static bool tell_device(const char *path, void *arg)
{
	const struct to_tell *to = arg;
	uint32_t ifindex;

	if (sscanf(strrchr(path, '_'), "_%" SCNu32, &ifindex) == 1)
		to->fn(to->arg, ifindex);
	return false;
}

void xv_links_each(const char *pin_dir, void (*fn)(void *arg, uint32_t ifindex), void *arg)
{
	struct to_tell to = {fn, arg};

	each_link(pin_dir, "", tell_device, &to);
}

static bool is_at_tcx(uint32_t ifindex, uint32_t prog_id)
{
	__u32 ids[TCX_MAX], n = TCX_MAX, i;

	if (bpf_prog_query((int)ifindex, (enum bpf_attach_type)TCX_INGRESS, 0, NULL, ids, &n))
		return false;
	for (i = 0; i < n && i < TCX_MAX; i++)
		if (ids[i] == prog_id)
			return true;
	return false;
}

static bool link_is_here(const char *path, void *arg)
{
	struct bpf_link_info info = {};
	__u32 len = sizeof(info), id = 0;
	int fd = bpf_obj_get(path), ret;

	(void)arg;
	if (fd < 0)
		return false;
	ret = bpf_obj_get_info_by_fd(fd, &info, &len);
	close(fd);
	if (ret || !info.xdp.ifindex)
		return false;
	if (info.type == BPF_LINK_TYPE_XDP)
		return !bpf_xdp_query_id((int)info.xdp.ifindex, 0, &id) && id == info.prog_id;
	return is_at_tcx(info.xdp.ifindex, info.prog_id);
}

/* Before TCX, only the keys of maps name the devices that have filters. */
struct filters {
	const char *pin_dir;
	struct xv_pinned_ids maps;
	uint32_t done; /* device of the last key: a trunk's VLANs are many keys */
	bool here;
};

static void look_at_filter(void *arg, uint32_t ifindex)
{
	struct filters *f = arg;

	if (ifindex != f->done)
		f->here |= xv_pinned_are_used_by(&f->maps, xv_clsact_program(ifindex));
	f->done = ifindex;
}

/*
 * Detaches a filter if it uses one of the instance's maps; otherwise it is somebody else's. Without
 * any maps this cannot be told, and the filter is detached.
 */
static void detach_filter(void *arg, uint32_t ifindex)
{
	struct filters *f = arg;
	uint32_t prog;

	if (ifindex == f->done)
		return;
	f->done = ifindex;
	prog = xv_clsact_program(ifindex);
	if (!prog || !f->maps.n || xv_pinned_are_used_by(&f->maps, prog))
		xv_detach_tc(f->pin_dir, ifindex);
}

static bool each_filter(const char *pin_dir, void (*fn)(void *arg, uint32_t ifindex))
{
	struct filters f = {.pin_dir = pin_dir};

	xv_pinned_list(pin_dir, "", &f.maps);
	xv_pinned_devices(pin_dir, "xv_port", fn, &f);
	xv_pinned_devices(pin_dir, "xv_uplink", fn, &f);
	return f.here;
}

bool xv_links_are_here(const char *pin_dir)
{
	return each_link(pin_dir, "", link_is_here, NULL) || each_filter(pin_dir, look_at_filter);
}

void xv_links_remove_all(const char *pin_dir)
{
	each_link(pin_dir, "xdp_", link_remove, NULL);
	xv_rcu_synchronize();
	each_filter(pin_dir, detach_filter);
	each_link(pin_dir, "", link_remove_tc, NULL);
}
