/* SPDX-License-Identifier: GPL-2.0-only */
/* Attaches programs to devices: see attach.h. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/attach.h"
#include "kernel/clsact.h"
#include "kernel/pinned.h"

enum {
	TCX_INGRESS = 46, /* BPF_TCX_INGRESS: UAPI of Linux 6.6 */
};

static void pin_path(char path[192], const char *pin_dir, const char *kind, uint32_t ifindex)
{
	snprintf(path, 192, "%s/links/%s_%u", pin_dir, kind, ifindex);
}

/* struct bpf_link_info has ifindex first in both its xdp and its tcx member. */
uint32_t xv_attach_ifindex(int fd)
{
	struct bpf_link_info info = {};
	__u32 len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.xdp.ifindex;
}

bool xv_attach_remove(const char *path)
{
	int fd = bpf_obj_get(path);

	if (fd >= 0) {
		bpf_link_detach(fd);
		close(fd);
	}
	return !unlink(path);
}

/*
 * Puts prog into a pinned link that is still attached to the device. -ENOENT: there is no such
 * link.
 */
static int update_pinned(const char *path, uint32_t ifindex, int prog)
{
	int fd = bpf_obj_get(path), ret;

	if (fd < 0)
		return -ENOENT;
	if (xv_attach_ifindex(fd) == ifindex)
		ret = bpf_link_update(fd, prog, NULL) ? -errno : 0;
	else
		ret = -ENOENT;
	close(fd);
	if (ret)
		xv_attach_remove(path);
	return ret ? -ENOENT : 0;
}

/* Whether there is a pinned link that is attached to the device. */
static bool has_pinned(const char *pin_dir, const char *kind, uint32_t ifindex)
{
	char path[192];
	bool has;
	int fd;

	pin_path(path, pin_dir, kind, ifindex);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return false;
	has = xv_attach_ifindex(fd) == ifindex;
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
 * Removes the filter that was attached instead of a TCX link, now that there is a link. The qdisc
 * stays until the port goes: the kernel drops what is sent to a device while a qdisc is added to it
 * or removed, for a grace period (qdisc_graft() deactivates the device).
 */
static void remove_first(const char *pin_dir, uint32_t ifindex)
{
	char first[192];

	pin_path(first, pin_dir, "first", ifindex);
	if (!rmdir(first))
		xv_clsact_remove(ifindex, XV_CLSACT_FIRST);
}

/*
 * Attaches a filter behind those of others, and then detaches what is attached before them. A mark
 * (a directory) notes this.
 */
static int attach_behind(const char *pin_dir, uint32_t ifindex, int prog_fd)
{
	char path[192], mark[192];
	int ret;

	pin_path(mark, pin_dir, "clsact", ifindex);
	pin_path(path, pin_dir, "behind", ifindex);
	mkdir(path, 0700);
	ret = xv_clsact_attach(ifindex, prog_fd, XV_CLSACT_LAST, mark);
	if (ret)
		return ret;
	pin_path(path, pin_dir, "tc", ifindex);
	if (!xv_attach_remove(path))
		xv_clsact_remove(ifindex, XV_CLSACT_FIRST);
	return 0;
}

static int attach_first(const char *pin_dir, uint32_t ifindex, int prog_fd)
{
	char path[192], mark[192];
	int fd, ret = 0;

	pin_path(path, pin_dir, "tc", ifindex);
	pin_path(mark, pin_dir, "clsact", ifindex);
	if (update_pinned(path, ifindex, prog_fd)) {
		fd = bpf_link_create(prog_fd, ifindex, (enum bpf_attach_type)TCX_INGRESS, NULL);
		if (fd >= 0) {
			ret = pin_link(fd, path);
			if (!ret)
				remove_first(pin_dir, ifindex);
		} else if (errno == EINVAL) { /* the kernel has no TCX */
			ret = xv_clsact_attach(ifindex, prog_fd, XV_CLSACT_FIRST, mark);
		} else {
			ret = -errno;
		}
	}
	if (!ret && xv_attach_is_behind(pin_dir, ifindex)) {
		xv_clsact_remove(ifindex, XV_CLSACT_LAST);
		if (!access(path, F_OK)) /* TCX: only that filter needed the qdisc */
			xv_clsact_detach(ifindex, mark);
		pin_path(path, pin_dir, "behind", ifindex);
		rmdir(path);
	}
	return ret;
}

int xv_attach_tc(const char *pin_dir, int prog_fd, const struct xv_link *link, bool behind,
		 struct xv_err *err)
{
	int ret = behind ? attach_behind(pin_dir, link->ifindex, prog_fd)
			 : attach_first(pin_dir, link->ifindex, prog_fd);

	if (ret)
		return xv_err_set(err, ret, "cannot attach to TC ingress of %s: %s", link->name,
				  strerror(-ret));
	return 0;
}

/* Whether the kernel has TCX (Linux 6.6): others do not know the hook. */
static bool has_tcx(uint32_t ifindex)
{
	__u32 n = 0;

	return !bpf_prog_query((int)ifindex, (enum bpf_attach_type)TCX_INGRESS, 0, NULL, NULL,
			       &n) ||
	       errno != EINVAL;
}

int xv_attach_tc_soon(const char *pin_dir, int prog_fd, const struct xv_link *link, bool *filter,
		      struct xv_err *err)
{
	char path[192], first[192], mark[192];

	*filter = false;
	pin_path(path, pin_dir, "tc", link->ifindex);
	pin_path(first, pin_dir, "first", link->ifindex);
	pin_path(mark, pin_dir, "clsact", link->ifindex);
	if (xv_attach_is_behind(pin_dir, link->ifindex) || !has_tcx(link->ifindex))
		return xv_attach_tc(pin_dir, prog_fd, link, false, err);
	if (!update_pinned(path, link->ifindex, prog_fd))
		return 0;
	mkdir(first, 0700);
	*filter = !xv_clsact_attach(link->ifindex, prog_fd, XV_CLSACT_FIRST, mark);
	if (*filter)
		return 0;
	rmdir(first);
	return xv_attach_tc(pin_dir, prog_fd, link, false, err);
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
	char path[192], mark[192];

	pin_path(mark, pin_dir, "clsact", ifindex);
	pin_path(path, pin_dir, "tc", ifindex);
	if (xv_attach_remove(path) && !behind && access(mark, F_OK))
		return;
	xv_clsact_detach(ifindex, mark);
	pin_path(path, pin_dir, "first", ifindex);
	rmdir(path);
	pin_path(path, pin_dir, "behind", ifindex);
	rmdir(path);
}

/* Sets err to whose program the device's XDP hook has. */
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

int xv_attach_xdp(const char *pin_dir, int prog_fd, struct xv_netlink *nl,
		  const struct xv_link *link, bool generic, struct xv_err *err)
{
	int fd, ret;
	uint32_t flags = generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE;
	uint8_t attached = generic ? XDP_ATTACHED_SKB : XDP_ATTACHED_DRV;
	LIBBPF_OPTS(bpf_link_create_opts, opts, .flags = flags);
	char path[192];

	pin_path(path, pin_dir, "xdp", link->ifindex);
	if (xv_attach_has_xdp(pin_dir, link->ifindex) && link->xdp_mode != attached)
		xv_detach_xdp(pin_dir, link->ifindex);
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
	xv_attach_remove(path);
}

bool xv_attach_is_pinned(const char *pin_dir, uint32_t ifindex)
{
	char tc[192], xdp[192];

	pin_path(tc, pin_dir, "tc", ifindex);
	pin_path(xdp, pin_dir, "xdp", ifindex);
	return !access(tc, F_OK) || !access(xdp, F_OK);
}
