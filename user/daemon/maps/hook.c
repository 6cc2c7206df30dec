/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds where programs are attached: see hook.h. */
#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "maps/hook.h"
#include "kernel/pinned.h"

/* Opens and holds the program with that id. NULL with errno on failure. */
static const struct xv_hook_prog *hold(struct xv_hooks *hooks, uint32_t id)
{
	struct bpf_prog_info info = {};
	struct xv_hook_prog *prog;
	__u32 len = sizeof(info);
	size_t i;

	for (i = 0; i < hooks->n_progs; i++)
		if (hooks->progs[i].id == id)
			return &hooks->progs[i];
	if (!hooks->progs)
		hooks->progs = calloc(XV_HOOK_PROGS_MAX, sizeof(*hooks->progs));
	if (!hooks->progs || hooks->n_progs == XV_HOOK_PROGS_MAX) {
		errno = hooks->progs ? E2BIG : ENOMEM;
		return NULL;
	}
	prog = &hooks->progs[hooks->n_progs];
	prog->id = id;
	prog->fd = bpf_prog_get_fd_by_id(id);
	if (prog->fd < 0)
		return NULL;
	hooks->n_progs++;
	if (bpf_obj_get_info_by_fd(prog->fd, &info, &len))
		return NULL;
	snprintf(prog->name, sizeof(prog->name), "%s", info.name);
	return prog;
}

/* Adds a hook that has this program. */
static int add(struct xv_hooks *hooks, const struct xv_hook *hook, uint32_t prog_id)
{
	size_t room = hooks->room ? 2 * hooks->room : 16;
	struct xv_hook *bigger;

	if (hooks->n == hooks->room) {
		bigger = reallocarray(hooks->list, room, sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		hooks->list = bigger;
		hooks->room = room;
	}
	hooks->list[hooks->n] = *hook;
	hooks->list[hooks->n].prog = hold(hooks, prog_id);
	if (!hooks->list[hooks->n].prog)
		return -errno;
	hooks->n++;
	return 0;
}

/*
 * Reads a link's info. False: its device is gone. struct bpf_link_info has ifindex first in both
 * its xdp and its tcx member.
 */
static bool read_link(int fd, struct bpf_link_info *info)
{
	__u32 len = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return !bpf_obj_get_info_by_fd(fd, info, &len) && info->xdp.ifindex;
}

static int add_link(struct xv_hooks *hooks, const char *path)
{
	struct xv_hook hook = {.filter = false};
	struct bpf_link_info info;
	int fd = bpf_obj_get(path);
	bool live = fd >= 0 && read_link(fd, &info);

	if (fd >= 0)
		close(fd);
	if (!live) /* the device is gone */
		return 0;
	memcpy(hook.path, path, strlen(path) + 1);
	hook.ifindex = info.xdp.ifindex;
	return add(hooks, &hook, info.prog_id);
}

static int find_links(struct xv_hooks *hooks, const char *pin_dir)
{
	char dir[160], path[sizeof(((struct xv_hook *)0)->path)];
	struct dirent *entry;
	int ret = 0;
	DIR *d;

	snprintf(dir, sizeof(dir), "%s/links", pin_dir);
	d = opendir(dir);
	if (!d)
		return errno == ENOENT ? 0 : -errno;
	while (!ret && (entry = readdir(d))) {
		if (entry->d_name[0] == '.' || entry->d_type == DT_DIR) /* or a mark (clsact.h) */
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) < (int)sizeof(path))
			ret = add_link(hooks, path);
	}
	closedir(d);
	return ret;
}

struct finding {
	struct xv_hooks *hooks;
	const char *pin_dir;
	struct xv_pinned_ids maps;
	uint32_t last; /* device of the last key: a trunk's VLANs are many keys */
	int ret;
};

static void add_filter(struct finding *f, uint32_t ifindex, enum xv_clsact_place place)
{
	struct xv_hook hook = {.filter = true, .place = place, .ifindex = ifindex};
	uint32_t prog = xv_clsact_program_at(ifindex, place);

	if (f->ret || !prog || !xv_pinned_are_used_by(&f->maps, prog))
		return;
	snprintf(hook.path, sizeof(hook.path), "%s/links/clsact_%" PRIu32, f->pin_dir, ifindex);
	f->ret = add(f->hooks, &hook, prog);
}

static void look_at(void *arg, uint32_t ifindex)
{
	struct finding *f = arg;

	if (ifindex == f->last)
		return;
	f->last = ifindex;
	add_filter(f, ifindex, XV_CLSACT_FIRST);
	add_filter(f, ifindex, XV_CLSACT_LAST);
}

int xv_hooks_find(struct xv_hooks *hooks, const char *pin_dir, uint32_t slow_ifindex)
{
	struct finding f = {.hooks = hooks, .pin_dir = pin_dir};

	*hooks = (struct xv_hooks){};
	f.ret = find_links(hooks, pin_dir);
	xv_pinned_list(pin_dir, "", &f.maps);
	xv_pinned_devices(pin_dir, "xv_port", look_at, &f);
	xv_pinned_devices(pin_dir, "xv_uplink", look_at, &f);
	if (slow_ifindex)
		look_at(&f, slow_ifindex);
	if (f.ret)
		xv_hooks_free(hooks);
	return f.ret;
}

void xv_hooks_free(struct xv_hooks *hooks)
{
	size_t i;

	for (i = 0; i < hooks->n_progs; i++)
		close(hooks->progs[i].fd);
	free(hooks->progs);
	free(hooks->list);
	*hooks = (struct xv_hooks){};
}

static int put_link(const struct xv_hook *hook, int prog_fd)
{
	int fd = bpf_obj_get(hook->path), ret = 0;
	struct bpf_link_info info;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (bpf_link_update(fd, prog_fd, NULL)) {
		ret = -errno;
		if (!read_link(fd, &info))
			ret = 0;
	}
	close(fd);
	return ret;
}

/* If somebody has removed the filter meanwhile, it is not made again. */
static int put_filter(const struct xv_hook *hook, int prog_fd)
{
	if (!xv_clsact_program_at(hook->ifindex, hook->place))
		return 0;
	return xv_clsact_attach(hook->ifindex, prog_fd, hook->place, hook->path);
}

int xv_hook_put(const struct xv_hook *hook, int prog_fd)
{
	return hook->filter ? put_filter(hook, prog_fd) : put_link(hook, prog_fd);
}
