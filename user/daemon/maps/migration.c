/* SPDX-License-Identifier: GPL-2.0-only */
/* Migration from an earlier map layout to ours: see migration.h. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "maps/carry.h"
#include "kernel/rcu.h"
#include "maps/hook.h"
#include "maps/layout.h"
#include "kernel/meta.h"
#include "maps/migration.h"

#define NEXT "next_"
#define NOTE "carried" /* next_carried: the map in which carry.h notes what was carried */

struct xv_migration {
	char pin_dir[128];
	const struct xv_layout *from;
	char version[XV_META_TEXT]; /* version that made the old maps; "": unknown */
	struct bpf_object *obj;
	uint32_t slow_ifindex;
	bool begun;   /* nothing of an earlier migration is in the way */
	bool resumed; /* a migration was interrupted: hooks have programs of both sets */
	bool committed;
	bool carries;
	struct xv_carry carry;
	struct xv_hooks hooks; /* the hooks as they were before */
	unsigned int step;
};

/* ---- steps ---- */

static bool is_asked(const char *name, unsigned int step)
{
	const char *value = getenv(name);

	return value && strtoul(value, NULL, 10) == step;
}

/*
 * To be called between two changes that others can see. Tests make it kill or fail the migration
 * here.
 */
static int next_step(struct xv_migration *m)
{
	m->step++;
	if (is_asked("XVTEP_MIGRATION_KILL", m->step))
		raise(SIGKILL);
	return is_asked("XVTEP_MIGRATION_FAIL", m->step) ? -ENOMEM : 0;
}

static int fail(struct xv_err *err, int ret, const char *what, const char *name)
{
	return xv_err_set(err, ret, "cannot take over the maps: %s %s: %s", what, name,
			  strerror(-ret));
}

/* ---- pins ---- */

static void pin_of(char path[192], const char *pin_dir, const char *prefix, const char *name)
{
	snprintf(path, 192, "%s/%s%s", pin_dir, prefix, name);
}

static int is_next(const struct dirent *entry)
{
	return !strncmp(entry->d_name, NEXT, strlen(NEXT));
}

/* Calls fn for each new pin, with its name without the prefix, until one fails. m may be NULL. */
static int each_next(const char *pin_dir, struct xv_migration *m,
		     int (*fn)(const char *pin_dir, struct xv_migration *m, const char *name))
{
	struct dirent **list;
	int n = scandir(pin_dir, &list, is_next, alphasort), i, ret = 0;

	if (n < 0)
		return errno == ENOENT ? 0 : -errno;
	for (i = 0; i < n; i++) {
		ret = ret ?: fn(pin_dir, m, list[i]->d_name + strlen(NEXT));
		free(list[i]);
	}
	free(list);
	return ret;
}

static int remove_next(const char *pin_dir, struct xv_migration *m, const char *name)
{
	char path[192];

	(void)m;
	pin_of(path, pin_dir, NEXT, name);
	return unlink(path) ? -errno : 0;
}

/*
 * Moves a new pin to its final name. A pin of that name is replaced, and its map is freed with its
 * last program.
 */
static int move_next(const char *pin_dir, struct xv_migration *m, const char *name)
{
	char from[192], to[192];
	int ret = m ? next_step(m) : 0;

	pin_of(from, pin_dir, NEXT, name);
	pin_of(to, pin_dir, "", name);
	if (!ret && rename(from, to) && errno != ENOENT)
		ret = -errno;
	return ret;
}

static int move_other(const char *pin_dir, struct xv_migration *m, const char *name)
{
	if (!strcmp(name, NOTE))
		return remove_next(pin_dir, m, name);
	return strcmp(name, "xv_meta") ? move_next(pin_dir, m, name) : 0;
}

static int move_all(const char *pin_dir, struct xv_migration *m)
{
	int ret = each_next(pin_dir, m, move_other);

	return ret ?: move_next(pin_dir, m, "xv_meta");
}

int xv_migration_finish(const char *pin_dir, struct xv_err *err)
{
	struct xv_pinned pinned;
	struct xv_meta_val meta;
	char path[192];
	int ret;

	pin_of(path, pin_dir, NEXT, "xv_meta");
	if (xv_meta_read(path, &meta) || meta.layout != XV_ABI_VERSION ||
	    xv_pinned_read(pin_dir, &pinned) || pinned.config.abi != XV_ABI_VERSION)
		return 0;
	ret = move_all(pin_dir, NULL);
	return ret ? fail(err, ret, "pins of", pin_dir) : 0;
}

/* ---- an interrupted migration ---- */

static bool has_program_of(const struct xv_hooks *hooks, const struct xv_pinned_ids *ids)
{
	size_t i;

	for (i = 0; i < hooks->n_progs; i++)
		if (xv_pinned_are_used_by(ids, hooks->progs[i].id))
			return true;
	return false;
}

/*
 * Looks at the new set of an interrupted migration. If a hook has a program of that set, the
 * migration is resumed; otherwise it begins again.
 */
static int look_at_next(struct xv_migration *m, struct xv_err *err)
{
	struct xv_pinned_ids ids;
	struct xv_meta_val meta;
	char path[192];

	pin_of(path, m->pin_dir, NEXT, "xv_meta");
	xv_pinned_list(m->pin_dir, NEXT, &ids);
	if (xv_meta_read(path, &meta) || !has_program_of(&m->hooks, &ids))
		return each_next(m->pin_dir, NULL, remove_next);
	m->resumed = meta.layout == XV_ABI_VERSION;
	if (m->resumed)
		return 0;
	return xv_err_set(err, -EPROTO,
			  "%s is half taken over by xvtepd %s (map layout %u): start that version, "
			  "or remove it with `xvtepd --detach -i %s`",
			  m->pin_dir, meta.version, meta.layout, strrchr(m->pin_dir, '/') + 1);
}

/* ---- the new set ---- */

static bool is_anew(const struct xv_migration *m, const char *name)
{
	const struct xv_layout_map *map = xv_layout_map(m->from, name);

	return !map || map->fill || map->counters;
}

/* Sets where the load pins each new map. xv_meta is pinned later, when the maps are filled. */
static int set_paths(struct xv_migration *m)
{
	struct bpf_map *map;
	char path[192];
	int ret = 0;

	bpf_object__for_each_map(map, m->obj)
	{
		if (ret || !bpf_map__pin_path(map) || !is_anew(m, bpf_map__name(map)))
			continue;
		pin_of(path, m->pin_dir, NEXT, bpf_map__name(map));
		ret = bpf_map__set_pin_path(map, path);
	}
	return ret;
}

bool xv_migration_knows(const struct xv_pinned *pinned)
{
	return pinned->started && xv_layout_find(pinned->layout);
}

int xv_migration_begin(const char *pin_dir, const struct xv_pinned *pinned, struct bpf_object *obj,
		       struct xv_migration **out, struct xv_err *err)
{
	struct xv_migration *m = calloc(1, sizeof(*m));
	int ret;

	if (!m)
		return xv_err_set(err, -ENOMEM, "out of memory");
	snprintf(m->pin_dir, sizeof(m->pin_dir), "%s", pin_dir);
	m->from = xv_layout_find(pinned->layout);
	memcpy(m->version, pinned->version, sizeof(m->version));
	m->obj = obj;
	m->slow_ifindex = pinned->config.slow_ifindex;
	*out = m;
	ret = xv_layout_check(m->from, pin_dir, err);
	if (ret)
		return ret;
	ret = xv_hooks_find(&m->hooks, pin_dir, m->slow_ifindex);
	if (ret)
		return fail(err, ret, "programs of", pin_dir);
	ret = look_at_next(m, err);
	if (ret)
		return ret;
	m->begun = true;
	ret = set_paths(m);
	return ret ? fail(err, ret, "pins of", pin_dir) : 0;
}

static int open_old(const struct xv_migration *m, const char *name)
{
	char path[192];
	int fd;

	pin_of(path, m->pin_dir, "", name);
	fd = bpf_obj_get(path);
	return fd < 0 ? -errno : fd;
}

/*
 * Opens the counters. In a resumed migration the note exists, and says what the new counters began
 * with.
 */
static int open_counters(struct xv_migration *m, int from, int to)
{
	char path[192];
	int note, ret;

	pin_of(path, m->pin_dir, NEXT, NOTE);
	note = m->resumed ? bpf_obj_get(path) : xv_carry_make_note();
	if (note < 0)
		return m->resumed ? -errno : note;
	ret = m->resumed || !bpf_obj_pin(note, path) ? 0 : -errno;
	ret = ret ?: xv_carry_open(&m->carry, from, to, note);
	close(note);
	m->carries = !ret;
	if (!ret && !m->resumed)
		xv_carry_begin(&m->carry);
	return ret;
}

static int fill_map(struct xv_migration *m, const struct xv_layout_map *map)
{
	struct xv_layout_pair pair = {.from = open_old(m, map->name)};
	int ret;

	if (pair.from < 0)
		return pair.from;
	pair.to = bpf_object__find_map_fd_by_name(m->obj, map->name);
	pair.cpus = libbpf_num_possible_cpus();
	if (map->counters)
		ret = open_counters(m, pair.from, pair.to);
	else
		ret = m->resumed ? 0 : map->fill(&pair);
	close(pair.from);
	return ret;
}

/* Pins xv_meta. From here on the new set is complete. */
static int pin_meta(struct xv_migration *m, const char *instance)
{
	int fd = bpf_object__find_map_fd_by_name(m->obj, "xv_meta");
	char path[192];
	int ret = xv_meta_write(fd, instance);

	pin_of(path, m->pin_dir, NEXT, "xv_meta");
	return ret ?: bpf_obj_pin(fd, path) ? -errno : 0;
}

int xv_migration_fill(struct xv_migration *m, const char *instance, struct xv_err *err)
{
	size_t i;
	int ret;

	for (i = 0; i < m->from->n; i++) {
		const struct xv_layout_map *map = &m->from->maps[i];

		if (!map->fill && !map->counters)
			continue;
		ret = next_step(m);
		ret = ret ?: fill_map(m, map);
		if (ret)
			return fail(err, ret, "contents of", map->name);
	}
	ret = next_step(m);
	if (!ret && !m->resumed)
		ret = pin_meta(m, instance);
	return ret ? fail(err, ret, "contents of", "xv_meta") : 0;
}

/* ---- replacing the programs ---- */

static int replace(struct xv_migration *m, const struct xv_hook *hook, struct xv_err *err)
{
	const struct bpf_program *prog = bpf_object__find_program_by_name(m->obj, hook->prog->name);
	int ret = next_step(m);

	if (!ret)
		ret = prog ? xv_hook_put(hook, bpf_program__fd(prog)) : -ENOENT;
	return ret ? fail(err, ret, "program", hook->path) : 0;
}

static int replace_all(struct xv_migration *m, struct xv_err *err)
{
	struct xv_hooks now;
	size_t i;
	int ret = xv_hooks_find(&now, m->pin_dir, m->slow_ifindex);

	if (ret)
		return fail(err, ret, "programs of", m->pin_dir);
	for (i = 0; !ret && i < now.n; i++)
		ret = replace(m, &now.list[i], err);
	xv_hooks_free(&now);
	return ret;
}

/*
 * Writes our layout into xv_config, so that earlier versions refuse it. (xv_config is shared by
 * both sets.)
 */
static int say_layout(const struct xv_migration *m)
{
	int fd = bpf_object__find_map_fd_by_name(m->obj, "xv_config");
	struct xv_config_val val;
	__u32 zero = 0;

	if (bpf_map_lookup_elem(fd, &zero, &val))
		return -errno;
	val.abi = XV_ABI_VERSION;
	return bpf_map_update_elem(fd, &zero, &val, BPF_ANY) ? -errno : 0;
}

/* Sets the final pin paths in the object's maps, which others read there. */
static int reset_paths(struct xv_migration *m)
{
	struct bpf_map *map;
	char path[192];
	int ret = 0;

	bpf_object__for_each_map(map, m->obj)
	{
		if (ret || bpf_map__is_internal(map))
			continue;
		pin_of(path, m->pin_dir, "", bpf_map__name(map));
		ret = bpf_map__set_pin_path(map, path);
	}
	return ret;
}

int xv_migration_commit(struct xv_migration *m, struct xv_err *err)
{
	int ret = replace_all(m, err);

	if (ret)
		return ret;
	xv_rcu_synchronize();
	ret = next_step(m);
	if (!ret && m->carries)
		xv_carry_on(&m->carry);
	ret = ret ?: next_step(m);
	ret = ret ?: say_layout(m);
	if (ret)
		return fail(err, ret, "contents of", "xv_config");
	m->committed = true;
	ret = move_all(m->pin_dir, m);
	ret = ret ?: reset_paths(m);
	return ret ? fail(err, ret, "pins of", m->pin_dir) : 0;
}

void xv_migration_tell(const struct xv_migration *m, char *text, size_t size)
{
	snprintf(text, size, "took over map layout %u of %s%s", m->from->number,
		 m->version[0] ? "xvtepd " : "an earlier xvtepd", m->version);
}

/* Puts the old programs back into all hooks, also into those that were attached again meanwhile. */
static void go_back(struct xv_migration *m)
{
	bool back = true;
	size_t i;

	for (i = 0; i < m->hooks.n; i++)
		back &= !xv_hook_put(&m->hooks.list[i], m->hooks.list[i].prog->fd);
	if (m->resumed || !back) /* programs of the new set are still attached */
		return;
	xv_rcu_synchronize();
	if (m->carries)
		xv_carry_back(&m->carry);
	each_next(m->pin_dir, NULL, remove_next);
}

void xv_migration_end(struct xv_migration *m)
{
	if (!m)
		return;
	if (m->begun && !m->committed)
		go_back(m);
	xv_carry_close(&m->carry);
	xv_hooks_free(&m->hooks);
	free(m);
}
