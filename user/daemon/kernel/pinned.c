/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads what is pinned: see pinned.h. */
#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/netns.h"
#include "kernel/map.h"
#include "kernel/meta.h"
#include "kernel/pinned.h"

enum {
	MAPS_MAX = 64, /* maps of a program that are compared */
};

static int open_map(const char *pin_dir, const char *map, struct bpf_map_info *info)
{
	char path[192];

	if (snprintf(path, sizeof(path), "%s/%s", pin_dir, map) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	return xv_map_open(path, info);
}

/* Reads the value of xv_config's only key, in its full size. */
static void *read_value(int fd, const struct bpf_map_info *info)
{
	__u32 zero = 0;
	void *value;

	if (info->type != BPF_MAP_TYPE_ARRAY || info->key_size != sizeof(zero) ||
	    info->value_size < sizeof(__u32))
		return NULL;
	value = calloc(1, ((size_t)info->value_size + 7) / 8 * 8);
	if (value && bpf_map_lookup_elem(fd, &zero, value)) {
		free(value);
		return NULL;
	}
	return value;
}

/* Reads xv_config. 0 also if there is none, or it is another layout's. */
static int read_config(const char *pin_dir, struct xv_pinned *pinned)
{
	struct bpf_map_info info;
	int fd = open_map(pin_dir, "xv_config", &info);
	void *value;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	value = read_value(fd, &info);
	close(fd);
	if (value && !pinned->exists)
		memcpy(&pinned->layout, value, sizeof(pinned->layout));
	pinned->exists = pinned->whole = true;
	if (value && info.value_size == sizeof(pinned->config)) {
		memcpy(&pinned->config, value, sizeof(pinned->config));
		pinned->started = pinned->config.abi;
		pinned->unfinished = !pinned->started && !pinned->layout;
	}
	free(value);
	return 0;
}

/* Whether xv_config has the same members as ours. */
static bool has_our_config(const struct xv_pinned *pinned)
{
	return pinned->layout >= XV_LAYOUT_OLDEST && pinned->layout <= XV_ABI_VERSION;
}

int xv_pinned_read(const char *pin_dir, struct xv_pinned *pinned)
{
	struct xv_meta_val meta;
	char path[192];
	int ret;

	memset(pinned, 0, sizeof(*pinned));
	if (snprintf(path, sizeof(path), "%s/xv_meta", pin_dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	ret = xv_meta_read(path, &meta);
	if (ret && ret != -ENOENT) {
		pinned->unreadable = "xv_meta";
		return ret;
	}
	if (!ret) {
		pinned->exists = pinned->placed = true;
		pinned->layout = meta.layout;
		pinned->netns = (uint32_t)meta.netns;
		memcpy(pinned->version, meta.version, sizeof(pinned->version));
	}
	ret = read_config(pin_dir, pinned);
	pinned->unreadable = ret ? "xv_config" : NULL;
	pinned->ours = pinned->layout == XV_ABI_VERSION;
	if (!has_our_config(pinned))
		memset(&pinned->config, 0, sizeof(pinned->config));
	if (!pinned->placed && pinned->config.netns) {
		pinned->placed = true;
		pinned->netns = pinned->config.netns;
	}
	return ret;
}

int xv_pinned_open(const char *pin_dir, const char *map, uint32_t key_size)
{
	struct bpf_map_info info;
	int fd = open_map(pin_dir, map, &info);

	if (fd < 0 || info.key_size == key_size)
		return fd;
	close(fd);
	return -EPROTO;
}

void xv_pinned_devices(const char *pin_dir, const char *map,
		       void (*fn)(void *arg, uint32_t ifindex), void *arg)
{
	struct bpf_map_info info;
	int fd = open_map(pin_dir, map, &info);
	void *key = NULL, *prev = NULL;
	uint32_t ifindex, left;

	if (fd < 0)
		return;
	if (info.key_size >= sizeof(ifindex))
		key = calloc(1, info.key_size);
	for (left = info.max_entries; key && left && !bpf_map_get_next_key(fd, prev, key); left--) {
		memcpy(&ifindex, key, sizeof(ifindex));
		fn(arg, ifindex);
		prev = key;
	}
	free(key);
	close(fd);
}

void xv_pinned_list(const char *pin_dir, const char *prefix, struct xv_pinned_ids *ids)
{
	struct bpf_map_info info;
	struct dirent *entry;
	DIR *d = opendir(pin_dir);
	int fd;

	ids->n = 0;
	while (d && ids->n < sizeof(ids->id) / sizeof(ids->id[0]) && (entry = readdir(d))) {
		fd = strncmp(entry->d_name, prefix, strlen(prefix))
			     ? -ENOENT
			     : open_map(pin_dir, entry->d_name, &info);
		if (fd < 0)
			continue;
		ids->id[ids->n++] = info.id;
		close(fd);
	}
	if (d)
		closedir(d);
}

bool xv_pinned_are_used_by(const struct xv_pinned_ids *ids, uint32_t prog_id)
{
	__u32 maps[MAPS_MAX], i, k, len = sizeof(struct bpf_prog_info);
	struct bpf_prog_info prog = {.nr_map_ids = MAPS_MAX, .map_ids = (uintptr_t)maps};
	int fd = prog_id ? bpf_prog_get_fd_by_id(prog_id) : -1;
	bool used = false;

	if (fd < 0)
		return false;
	if (!bpf_obj_get_info_by_fd(fd, &prog, &len))
		for (i = 0; i < prog.nr_map_ids && i < MAPS_MAX; i++)
			for (k = 0; k < ids->n; k++)
				used |= maps[i] == ids->id[k];
	close(fd);
	return used;
}

uint32_t xv_pinned_program(const char *pin_dir, const char *kind, uint32_t ifindex)
{
	struct bpf_link_info info = {};
	__u32 len = sizeof(info);
	char path[192];
	int fd;

	snprintf(path, sizeof(path), "%s/links/%s_%u", pin_dir, kind, ifindex);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return 0;
	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		info.prog_id = 0;
	close(fd);
	return info.prog_id;
}

void xv_pinned_each(const char *but, bool (*fn)(void *arg, const struct xv_pinned *pinned),
		    void *arg)
{
	DIR *dir = opendir(XV_PIN_ROOT);
	const struct dirent *entry;
	struct xv_pinned pinned;
	char path[160];
	bool more = true;

	while (dir && more && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || (but && !strcmp(entry->d_name, but)) ||
		    strlen(entry->d_name) >= sizeof(pinned.name))
			continue;
		snprintf(path, sizeof(path), XV_PIN_ROOT "/%s", entry->d_name);
		xv_pinned_read(path, &pinned); /* on failure the layout is unknown */
		memcpy(pinned.name, entry->d_name, strlen(entry->d_name) + 1);
		more = fn(arg, &pinned);
	}
	if (dir)
		closedir(dir);
}

bool xv_pinned_lives_here(const struct xv_pinned *pinned)
{
	return pinned->placed && xv_netns_is_here(pinned->netns);
}

struct owner {
	const char *kind;
	uint32_t ifindex, program;
	char *name;
	bool found;
};

static bool is_program_of(void *arg, const struct xv_pinned *pinned)
{
	struct owner *owner = arg;
	char dir[160];

	snprintf(dir, sizeof(dir), XV_PIN_ROOT "/%s", pinned->name);
	owner->found = xv_pinned_program(dir, owner->kind, owner->ifindex) == owner->program;
	if (owner->found)
		memcpy(owner->name, pinned->name, sizeof(pinned->name));
	return !owner->found;
}

bool xv_pinned_owner(const char *kind, uint32_t ifindex, uint32_t program,
		     char name[XV_PINNED_NAME])
{
	struct owner owner = {.kind = kind, .ifindex = ifindex, .program = program, .name = name};

	if (program)
		xv_pinned_each(NULL, is_program_of, &owner);
	return owner.found;
}

/*
 * Layouts from 7 on say in which namespace the instance lives. One of an earlier layout may live in
 * this one.
 */
static bool lives_elsewhere(void *arg, const struct xv_pinned *pinned)
{
	bool *alone = arg;

	/* An instance that has written no xv_meta yet has attached nothing and asked for nothing.
	 */
	if (pinned->placed)
		*alone = !xv_pinned_lives_here(pinned);
	else
		*alone = !pinned->unreadable && (!pinned->exists || pinned->unfinished);
	return *alone;
}

bool xv_pinned_alone(const char *name)
{
	bool alone = true;

	xv_pinned_each(name, lives_elsewhere, &alone);
	return alone;
}
