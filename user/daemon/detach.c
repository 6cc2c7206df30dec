/* SPDX-License-Identifier: GPL-2.0-only */
/* What an instance left in the kernel goes: see detach.h. */
#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "addr.h"
#include "detach.h"
#include "kernel/attach.h"
#include "kernel/netns.h"
#include "kernel/pinned.h"
#include "lock.h"
#include "maps/links.h"
#include "maps/pin_dir.h"
#include "model/attachment.h"
#include "model/port.h"
#include "model/slow.h"
#include "rundir.h"

struct left {
	char dir[128];
	struct xv_pinned pinned;
	bool here; /* this is the instance's network namespace */
};

/*
 * If the pins do not say in which namespace the instance lives, its devices are looked for in this
 * one.
 */
static void read_left(struct left *p)
{
	xv_pinned_read(p->dir, &p->pinned);
	p->here = p->pinned.placed ? xv_netns_is_here(p->pinned.netns) : xv_links_are_here(p->dir);
}

/* Ends the kernel's work of keeping next hops of the peers resolved. */
static void forget_neighbours(struct xv_netlink *nl, const struct left *p)
{
	struct xv_ip ip, *prev = NULL;
	struct xv_route route;
	int fd = xv_pinned_open(p->dir, "xv_peer", sizeof(ip));

	if (fd < 0)
		return;
	while (!bpf_map_get_next_key(fd, prev, &ip)) {
		const struct xv_ip *own = xv_ip_is_v4(&ip) ? &p->pinned.config.local4
							   : &p->pinned.config.local6;

		prev = &ip;
		if (!xv_netlink_get_route(nl, &ip, own,
					  ntohs(p->pinned.config.udp_port ?: htons(4789)), &route,
					  NULL))
			xv_netlink_forget_neigh(nl, route.ifindex, &route.nexthop, NULL);
	}
	close(fd);
}

static void forget_neighbour(void *arg, uint32_t ifindex, const struct xv_ip *ip)
{
	xv_netlink_forget_neigh(arg, ifindex, ip, NULL);
}

static void restore_port(void *arg, uint32_t ifindex)
{
	xv_attachment_release_device(arg, ifindex);
}

static void restore_devices(const char *name, struct xv_netlink *nl, const struct left *p)
{
	uint32_t slow = p->pinned.config.slow_ifindex; /* 0: the device is found by its alias */
	struct xv_link link;

	forget_neighbours(nl, p);
	if (xv_pinned_alone(name)) /* also next hops of routes that have changed since */
		xv_netlink_list_kept(nl, forget_neighbour, nl, NULL);
	xv_pinned_devices(p->dir, "xv_port", restore_port, nl);
	if (slow && !xv_netlink_get_link(nl, NULL, slow, &link, NULL) &&
	    !strcmp(link.kind, "vxlan") && link.vxlan_external)
		xv_netlink_del_link(nl, link.ifindex, NULL);
}

/* Removes everything except the pins. Returns whether there was anything. */
static bool restore(const char *name, const struct left *p)
{
	struct xv_netlink_ops none = {};
	struct xv_netlink *nl = NULL;
	bool found = p->pinned.exists;

	if (p->here)
		xv_links_remove_all(p->dir); /* first: then no program of ours sees packets */
	if (xv_netlink_open(&nl, &none, NULL, NULL))
		return found;
	if (p->here)
		restore_devices(name, nl, p);
	found |= xv_slow_remove_orphans(nl, name, 0);
	xv_netlink_close(nl);
	return found;
}

int xv_detach(const char *name, bool *found, struct xv_err *err)
{
	struct left p = {};
	int lock = -1, pins = -1, ret;

	ret = xv_datapath_check(err);
	ret = ret ?: xv_lock_take(name, &lock, err);
	if (ret)
		return ret;
	snprintf(p.dir, sizeof(p.dir), XV_PIN_ROOT "/%s", name);
	ret = xv_lock_pins(p.dir, &pins, err);
	if (ret && ret != -ENOENT)
		goto out;
	read_left(&p);
	if (p.pinned.exists && !p.here && xv_links_are_live(p.dir)) {
		ret = xv_err_set(
			err, -EXDEV,
			"instance \"%s\" lives in another network namespace: run this there "
			"(nsenter --net=...)",
			name);
		goto out;
	}
	*found = restore(name, &p) || pins >= 0;
	ret = xv_pin_dir_remove(name, err);
	xv_rundir_remove(name);
out:
	xv_lock_release(pins);
	xv_lock_release(lock);
	return ret;
}
