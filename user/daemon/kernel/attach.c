/* SPDX-License-Identifier: GPL-2.0-only */
/* Programs on devices: see attach.h. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/attach.h"
#include "kernel/clsact.h"
#include "maps/pinned.h"

enum {
	TCX_INGRESS = 46, /* BPF_TCX_INGRESS: UAPI of Linux 6.6 */
	TCX_MAX = 64,	  /* programs at one hook, the kernel's own limit */
};

static void pin_path(char path[192], const char *pin_dir, const char *kind, uint32_t ifindex)
{
	snprintf(path, 192, "%s/links/%s_%u", pin_dir, kind, ifindex);
}

/*
 * The device that a link is attached to; 0 when the device went away. struct bpf_link_info has the
 * index first in both its xdp and its tcx member.
 */
static uint32_t link_ifindex(int fd)
{
	struct bpf_link_info info = {};
	__u32 len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.xdp.ifindex;
}

/*
 * Takes a pinned link off its device now. The end of the pin alone does that some time later, and
 * until then the hook is taken (-EEXIST, -EBUSY), and the program runs. Whether there was a pin.
 */
static bool remove_pinned(const char *path)
{
	int fd = bpf_obj_get(path);

	if (fd >= 0) {
		bpf_link_detach(fd);
		close(fd);
	}
	return !unlink(path);
}

/* Puts prog into a pinned link that still holds the device. -ENOENT: there is none. */
static int update_pinned(const char *path, uint32_t ifindex, int prog)
{
	int fd = bpf_obj_get(path), ret;

	if (fd < 0)
		return -ENOENT;
	if (link_ifindex(fd) == ifindex)
		ret = bpf_link_update(fd, prog, NULL) ? -errno : 0;
	else
		ret = -ENOENT;
	close(fd);
	if (ret)
		remove_pinned(path);
	return ret ? -ENOENT : 0;
}

/* Whether there is a pinned link that holds the device. */
static bool has_pinned(const char *pin_dir, const char *kind, uint32_t ifindex)
{
	char path[192];
	bool has;
	int fd;

	pin_path(path, pin_dir, kind, ifindex);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return false;
	has = link_ifindex(fd) == ifindex;
	close(fd);
	return has;
}

static int pin_link(int fd, const char *path)
{
	int ret;

	unlink(path);
	ret = bpf_obj_pin(fd, path) ? -errno : 0;
	if (ret)
		bpf_link_detach(fd);
	close(fd);
	return ret;
}

bool xv_attach_is_behind(const char *pin_dir, uint32_t ifindex)
{
	char path[192];

	pin_path(path, pin_dir, "behind", ifindex);
	return !access(path, F_OK);
}

/*
 * The filter behind those of others, and what may be attached before them no more. A mark tells
 * that it is there.
 */
static int attach_behind(const struct xv_datapath *dp, uint32_t ifindex, int prog_fd)
{
	char path[192], mark[192];
	int ret;

	pin_path(mark, dp->pin_dir, "clsact", ifindex);
	pin_path(path, dp->pin_dir, "behind", ifindex);
	mkdir(path, 0700);
	ret = xv_clsact_attach(ifindex, prog_fd, XV_CLSACT_LAST, mark);
	if (ret)
		return ret;
	pin_path(path, dp->pin_dir, "tc", ifindex);
	if (!remove_pinned(path))
		xv_clsact_remove(ifindex, XV_CLSACT_FIRST);
	return 0;
}

static int attach_first(const struct xv_datapath *dp, uint32_t ifindex, int prog_fd)
{
	char path[192], mark[192];
	int fd, ret = 0;

	pin_path(path, dp->pin_dir, "tc", ifindex);
	pin_path(mark, dp->pin_dir, "clsact", ifindex);
	if (update_pinned(path, ifindex, prog_fd)) {
		fd = bpf_link_create(prog_fd, ifindex, (enum bpf_attach_type)TCX_INGRESS, NULL);
		if (fd >= 0)
			ret = pin_link(fd, path);
		else if (errno == EINVAL) /* no TCX */
			ret = xv_clsact_attach(ifindex, prog_fd, XV_CLSACT_FIRST, mark);
		else
			ret = -errno;
	}
	if (!ret && xv_attach_is_behind(dp->pin_dir, ifindex)) {
		xv_clsact_remove(ifindex, XV_CLSACT_LAST);
		if (!access(path, F_OK)) /* TCX: the qdisc was for that filter */
			xv_clsact_detach(ifindex, mark);
		pin_path(path, dp->pin_dir, "behind", ifindex);
		rmdir(path);
	}
	return ret;
}

int xv_attach_tc(const struct xv_datapath *dp, const struct xv_link *link, enum xv_prog prog,
		 bool behind, struct xv_err *err)
{
	int prog_fd = xv_datapath_prog_fd(dp, prog), ret;

	ret = behind ? attach_behind(dp, link->ifindex, prog_fd)
		     : attach_first(dp, link->ifindex, prog_fd);
	if (ret)
		return xv_err_set(err, ret, "cannot attach to TC ingress of %s: %s", link->name,
				  strerror(-ret));
	return 0;
}

bool xv_attach_has_tc(const char *pin_dir, uint32_t ifindex, bool behind)
{
	if (behind)
		return xv_clsact_is_attached(ifindex, XV_CLSACT_LAST);
	return has_pinned(pin_dir, "tc", ifindex) ||
	       xv_clsact_is_attached(ifindex, XV_CLSACT_FIRST);
}

uint32_t xv_attach_tcx_program(const char *pin_dir, uint32_t ifindex)
{
	return xv_pinned_program(pin_dir, "tc", ifindex);
}

void xv_detach_tc(const char *pin_dir, uint32_t ifindex)
{
	bool behind = xv_attach_is_behind(pin_dir, ifindex);
	char path[192];

	pin_path(path, pin_dir, "tc", ifindex);
	if (remove_pinned(path) && !behind)
		return;
	pin_path(path, pin_dir, "clsact", ifindex);
	xv_clsact_detach(ifindex, path);
	pin_path(path, pin_dir, "behind", ifindex);
	rmdir(path);
}

/* Whose program holds the device's XDP hook. */
static int say_foreign(const struct xv_link *link, struct xv_err *err)
{
	struct bpf_prog_info info = {};
	__u32 id = 0, len = sizeof(info);
	char owner[XV_PINNED_NAME];
	int fd;

	if (bpf_xdp_query_id(link->ifindex, 0, &id) || !id)
		return -ENOENT;
	if (xv_pinned_owner("xdp", link->ifindex, id, owner))
		return xv_err_set(err, -EBUSY,
				  "%s already carries the XDP program of instance \"%s\": take the "
				  "device out there, or set `xdp: off`",
				  link->name, owner);
	fd = bpf_prog_get_fd_by_id(id);
	if (fd >= 0) {
		bpf_obj_get_info_by_fd(fd, &info, &len);
		close(fd);
	}
	return xv_err_set(
		err, -EBUSY,
		"%s already carries the XDP program \"%s\" (id %u), which is not xvtep's: "
		"take it off (ip link set dev %s xdp off), or set `xdp: off`",
		link->name, info.name, id, link->name);
}

static int explain_xdp(struct xv_netlink *nl, const struct xv_link *link, int prog_fd,
		       uint32_t flags, int error, struct xv_err *err)
{
	struct xv_err why = {.text = ""};

	if (say_foreign(link, err) == -EBUSY)
		return -EBUSY;
	if (!xv_netlink_try_xdp(nl, link->ifindex, prog_fd, flags, &why) || !why.text[0])
		snprintf(why.text, sizeof(why.text), "%s", strerror(-error));
	return xv_err_set(err, error, "%s does not take %s XDP: %s", link->name,
			  flags & XDP_FLAGS_SKB_MODE ? "generic" : "native", why.text);
}

bool xv_attach_has_xdp(const char *pin_dir, uint32_t ifindex)
{
	return has_pinned(pin_dir, "xdp", ifindex);
}

bool xv_attach_has_foreign_xdp(const char *pin_dir, uint32_t ifindex)
{
	__u32 id = 0;

	return !bpf_xdp_query_id(ifindex, 0, &id) && id && !xv_attach_has_xdp(pin_dir, ifindex);
}

int xv_attach_xdp(const struct xv_datapath *dp, struct xv_netlink *nl, const struct xv_link *link,
		  enum xv_prog prog, struct xv_err *err)
{
	bool generic = prog == XV_PROG_DECAP_SKB;
	int prog_fd = xv_datapath_prog_fd(dp, prog), fd, ret;
	uint32_t flags = generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
	uint8_t attached = generic ? XDP_ATTACHED_SKB : XDP_ATTACHED_DRV;
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = flags);
	char path[192];

	pin_path(path, dp->pin_dir, "xdp", link->ifindex);
	if (xv_attach_has_xdp(dp->pin_dir, link->ifindex) && link->xdp_mode != attached)
		xv_detach_xdp(dp->pin_dir, link->ifindex);
	if (!update_pinned(path, link->ifindex, prog_fd))
		return 0;
	fd = bpf_link_create(prog_fd, link->ifindex, BPF_XDP, &opts);
	if (fd < 0)
		return explain_xdp(nl, link, prog_fd, flags, -errno, err);
	ret = pin_link(fd, path);
	if (ret)
		return xv_err_set(err, ret, "cannot pin %s: %s", path, strerror(-ret));
	return 0;
}

void xv_detach_xdp(const char *pin_dir, uint32_t ifindex)
{
	char path[192];

	pin_path(path, pin_dir, "xdp", ifindex);
	remove_pinned(path);
}

bool xv_attach_is_pinned(const char *pin_dir, uint32_t ifindex)
{
	char tc[192], xdp[192];

	pin_path(tc, pin_dir, "tc", ifindex);
	pin_path(xdp, pin_dir, "xdp", ifindex);
	return !access(tc, F_OK) || !access(xdp, F_OK);
}

/* Calls fn for the pins of one kind until it returns true; whether it did. */
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
	remove_pinned(path);
	return false;
}

/* Whatever another layout calls them; not the marks of clsact.h, which are directories. */
static bool link_remove_tc(const char *path, void *arg)
{
	int fd = bpf_obj_get(path);

	(void)arg;
	if (fd < 0)
		return false;
	close(fd);
	remove_pinned(path);
	return false;
}

static bool link_is_live(const char *path, void *arg)
{
	int fd = bpf_obj_get(path);
	bool live = fd >= 0 && link_ifindex(fd);

	(void)arg;
	if (fd >= 0)
		close(fd);
	return live;
}

bool xv_attach_is_live(const char *pin_dir)
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

void xv_attach_each(const char *pin_dir, void (*fn)(void *arg, uint32_t ifindex), void *arg)
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

/* Filters at devices, which before TCX nothing but the keys of maps names. */
struct filters {
	const char *pin_dir;
	struct xv_pinned_ids maps;
	uint32_t done; /* a trunk's VLANs are many keys */
	bool here;
};

static void look_at_filter(void *arg, uint32_t ifindex)
{
	struct filters *f = arg;

	if (ifindex != f->done)
		f->here |= xv_pinned_are_used_by(&f->maps, xv_clsact_program(ifindex));
	f->done = ifindex;
}

/* A filter that uses none of the maps is somebody else's; without maps nothing tells. */
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

	xv_pinned_list(pin_dir, &f.maps);
	xv_pinned_devices(pin_dir, "xv_port", fn, &f);
	xv_pinned_devices(pin_dir, "xv_uplink", fn, &f);
	return f.here;
}

bool xv_attach_is_here(const char *pin_dir)
{
	return each_link(pin_dir, "", link_is_here, NULL) || each_filter(pin_dir, look_at_filter);
}

void xv_attach_remove_all(const char *pin_dir)
{
	each_link(pin_dir, "xdp_", link_remove, NULL);
	xv_datapath_synchronize();
	each_filter(pin_dir, detach_filter);
	each_link(pin_dir, "", link_remove_tc, NULL);
}
