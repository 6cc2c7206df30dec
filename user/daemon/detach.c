/* SPDX-License-Identifier: GPL-2.0-only */
/* xvtepd --detach: everything that an instance left in the kernel goes; see instance.h. */
#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "addr.h"
#include "attach.h"
#include "instance.h"
#include "lock.h"
#include "port.h"
#include "rundir.h"

struct pinned {
	char dir[128];
	struct xv_config_val config;
	bool here; /* we are in its network namespace */
};

static int open_pinned(const struct pinned *p, const char *map)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", p->dir, map);
	return bpf_obj_get(path);
}

static void read_config(struct pinned *p)
{
	struct stat ns = {};
	__u32 zero = 0;
	int fd = open_pinned(p, "xv_config");

	if (fd < 0)
		return;
	bpf_map_lookup_elem(fd, &zero, &p->config);
	close(fd);
	stat("/proc/thread-self/ns/net", &ns);
	p->here = p->config.netns == ns.st_ino;
}

/* Next hops that the kernel keeps resolved for the peers. */
static void forget_neighbours(struct xv_netlink *nl, const struct pinned *p)
{
	struct xv_ip ip, *prev = NULL;
	struct xv_route route;
	int fd = open_pinned(p, "xv_peer");

	if (fd < 0)
		return;
	while (!bpf_map_get_next_key(fd, prev, &ip)) {
		const struct xv_ip *own = xv_ip_is_v4(&ip) ? &p->config.local4 : &p->config.local6;

		prev = &ip;
		if (!xv_netlink_get_route(nl, &ip, own, &route, NULL))
			xv_netlink_forget_neigh(nl, route.ifindex, &route.nexthop, NULL);
	}
	close(fd);
}

static void restore_ports(struct xv_netlink *nl, const struct pinned *p)
{
	struct xv_port_key key, *prev = NULL;
	int fd = open_pinned(p, "xv_port");

	if (fd < 0)
		return;
	while (!bpf_map_get_next_key(fd, prev, &key)) {
		prev = &key;
		xv_port_release_device(nl, key.ifindex);
	}
	close(fd);
}

static void restore_devices(const struct pinned *p)
{
	struct xv_netlink_ops none = {};
	struct xv_netlink *nl = NULL;
	struct xv_link link;

	if (xv_netlink_open(&nl, &none, NULL, NULL))
		return;
	forget_neighbours(nl, p);
	restore_ports(nl, p);
	if (!xv_netlink_get_link(nl, NULL, p->config.slow_ifindex, &link, NULL) &&
	    !strcmp(link.kind, "vxlan") && link.vxlan_external)
		xv_netlink_del_link(nl, link.ifindex, NULL);
	xv_netlink_close(nl);
}

static void remove_run_dir(const char *name)
{
	static const char *const files[] = {"control.sock", "lock", ""};
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (xv_rundir_path(name, files[i], path, sizeof(path), NULL))
			continue;
		if (files[i][0])
			unlink(path);
		else
			rmdir(path);
	}
}

int xv_instance_detach(const char *name, struct xv_err *err)
{
	struct pinned p = {};
	int lock = -1, ret;

	ret = xv_datapath_check(err);
	ret = ret ?: xv_lock_take(name, &lock, err);
	if (ret)
		return ret;
	snprintf(p.dir, sizeof(p.dir), XV_PIN_ROOT "/%s", name);
	read_config(&p);
	if (p.config.abi && !p.here && xv_attach_is_live(p.dir)) {
		xv_lock_release(lock);
		return xv_err_set(
			err, -EXDEV,
			"instance \"%s\" lives in another network namespace: run this there "
			"(nsenter --net=...)",
			name);
	}
	if (p.here) {
		xv_attach_remove_all(p.dir); /* first: the devices carry no packets of ours then */
		restore_devices(&p);
	}
	ret = xv_datapath_remove(name, err);
	remove_run_dir(name);
	xv_lock_release(lock);
	return ret;
}
