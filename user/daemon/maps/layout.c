/* SPDX-License-Identifier: GPL-2.0-only */
/* Layouts of pinned maps: see layout.h. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "maps/layout.h"
#include "kernel/map.h"

static const struct xv_layout *const layouts[] = {&xv_layout_7, &xv_layout_8};

const struct xv_layout *xv_layout_find(uint32_t number)
{
	size_t i;

	for (i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++)
		if (layouts[i]->number == number)
			return layouts[i];
	return NULL;
}

const struct xv_layout_map *xv_layout_map(const struct xv_layout *layout, const char *name)
{
	size_t i;

	for (i = 0; i < layout->n; i++)
		if (!strcmp(layout->maps[i].name, name))
			return &layout->maps[i];
	return NULL;
}

/* ---- types ---- */

/* FNV-1a. */
static uint64_t mix(uint64_t hash, const void *data, size_t len)
{
	const uint8_t *byte = data;

	for (; len--; byte++)
		hash = (hash ^ *byte) * 0x100000001b3ULL;
	return hash;
}

static uint64_t mix_number(uint64_t hash, uint32_t number)
{
	return mix(hash, &number, sizeof(number));
}

static uint64_t mix_text(uint64_t hash, const char *text)
{
	return mix(hash, text ?: "", text ? strlen(text) + 1 : 1);
}

static uint64_t mix_type(uint64_t hash, const struct btf *btf, uint32_t id)
{
	int resolved = btf__resolve_type(btf, id);
	const struct btf_type *type = btf__type_by_id(btf, resolved < 0 ? 0 : resolved);
	const struct btf_member *member;
	uint32_t i;

	if (!type)
		return hash;
	hash = mix_number(hash, btf_kind(type));
	if (btf_is_array(type)) {
		hash = mix_number(hash, btf_array(type)->nelems);
		return mix_type(hash, btf, btf_array(type)->type);
	}
	hash = mix_number(hash, type->size);
	if (!btf_is_composite(type))
		return hash;
	hash = mix_text(hash, btf__name_by_offset(btf, type->name_off));
	for (i = 0, member = btf_members(type); i < btf_vlen(type); i++, member++) {
		hash = mix_text(hash, btf__name_by_offset(btf, member->name_off));
		hash = mix_number(hash, btf_member_bit_offset(type, i));
		hash = mix_number(hash, btf_member_bitfield_size(type, i));
		hash = mix_type(hash, btf, member->type);
	}
	return hash;
}

struct description {
	const char *name;
	uint32_t type, key_size, value_size, entries;
	uint32_t key_id, value_id;
};

static uint64_t describe(const struct description *d, const struct btf *btf)
{
	uint64_t hash = 0xcbf29ce484222325ULL;

	hash = mix_number(hash, d->type);
	hash = mix_number(hash, d->key_size);
	hash = mix_number(hash, d->value_size);
	if (strcmp(d->name, "xv_stats"))
		hash = mix_number(hash, d->entries);
	/* The kernel takes no BTF for these kinds of maps. */
	if (d->type == BPF_MAP_TYPE_DEVMAP || d->type == BPF_MAP_TYPE_RINGBUF)
		return hash;
	hash = mix_type(hash, btf, d->key_id);
	return mix_type(hash, btf, d->value_id);
}

uint64_t xv_layout_types(const struct bpf_map *map, const struct btf *btf)
{
	const struct description d = {
		.name = bpf_map__name(map),
		.type = bpf_map__type(map),
		.key_size = bpf_map__key_size(map),
		.value_size = bpf_map__value_size(map),
		.entries = bpf_map__max_entries(map),
		.key_id = bpf_map__btf_key_type_id(map),
		.value_id = bpf_map__btf_value_type_id(map),
	};

	return describe(&d, btf);
}

/*
 * xv_layout_types() of a pinned map. *btf: the BTF of the map before, which is mostly the same. 0
 * or negative errno.
 */
static int pinned_types(const char *path, struct btf **btf, uint32_t *btf_id, uint64_t *types)
{
	struct description d = {.name = strrchr(path, '/') + 1};
	struct bpf_map_info info;
	int fd = xv_map_open(path, &info);

	if (fd < 0)
		return fd;
	close(fd);
	if (info.btf_id && info.btf_id != *btf_id) {
		btf__free(*btf);
		*btf_id = info.btf_id;
		*btf = btf__load_from_kernel_by_id(info.btf_id);
		if (!*btf)
			return -errno;
	}
	d.type = info.type;
	d.key_size = info.key_size;
	d.value_size = info.value_size;
	d.entries = info.max_entries;
	d.key_id = info.btf_id ? info.btf_key_type_id : 0;
	d.value_id = info.btf_id ? info.btf_value_type_id : 0;
	*types = describe(&d, *btf);
	return 0;
}

int xv_layout_check(const struct xv_layout *layout, const char *pin_dir, struct xv_err *err)
{
	struct btf *btf = NULL;
	uint32_t btf_id = 0;
	uint64_t types = 0;
	char path[192];
	int ret = 0;
	size_t i;

	for (i = 0; !ret && i < layout->n; i++) {
		snprintf(path, sizeof(path), "%s/%s", pin_dir, layout->maps[i].name);
		ret = pinned_types(path, &btf, &btf_id, &types);
		if (ret)
			xv_err_set(err, ret, "cannot take over the maps: %s: %s", path,
				   strerror(-ret));
		else if (types != layout->maps[i].types)
			ret = xv_err_set(err, -EPROTO,
					 "cannot take over the maps: %s is not what map layout %u "
					 "has there; run the version that made it, or see UPGRADES "
					 "in xvtepd(8)",
					 path, layout->number);
	}
	btf__free(btf);
	return ret;
}

/* ---- copying ---- */

static bool is_zero(const uint8_t *data, size_t len)
{
	return !len || (!data[0] && !memcmp(data, data + 1, len - 1));
}

struct copying {
	struct xv_layout_pair pair;
	struct bpf_map_info from, to;
	uint32_t cpus; /* number of values in an element */
	uint8_t *key, *old, *new;
	size_t old_size, new_size; /* bytes of one value; of one CPU's in a per-CPU map */
};

static void free_copying(struct copying *c)
{
	free(c->key);
	free(c->old);
	free(c->new);
}

static int begin(struct copying *c, const struct xv_layout_pair *pair, uint32_t cpus)
{
	__u32 len = sizeof(c->from);

	*c = (struct copying){.pair = *pair, .cpus = cpus};
	if (bpf_obj_get_info_by_fd(pair->from, &c->from, &len) ||
	    bpf_obj_get_info_by_fd(pair->to, &c->to, &len))
		return -errno;
	if (c->from.key_size != c->to.key_size)
		return -EPROTO;
	c->old_size = (c->from.value_size + 7) / 8 * 8;
	c->new_size = (c->to.value_size + 7) / 8 * 8;
	c->key = calloc(1, c->from.key_size);
	c->old = calloc(cpus, c->old_size);
	c->new = calloc(cpus, c->new_size);
	return c->key && c->old && c->new ? 0 : -ENOMEM;
}

static int copy_element(struct copying *c, void (*convert)(const void *from, void *to))
{
	uint32_t i;

	if (bpf_map_lookup_elem(c->pair.from, c->key, c->old))
		return errno == ENOENT ? 0 : -errno;
	if (c->from.type != BPF_MAP_TYPE_HASH && is_zero(c->old, c->cpus * c->old_size))
		return 0;
	memset(c->new, 0, c->cpus * c->new_size);
	for (i = 0; i < c->cpus; i++)
		if (convert)
			convert(c->old + i * c->old_size, c->new + i * c->new_size);
		else
			memcpy(c->new + i * c->new_size, c->old + i * c->old_size,
			       c->old_size < c->new_size ? c->old_size : c->new_size);
	return bpf_map_update_elem(c->pair.to, c->key, c->new, BPF_ANY) ? -errno : 0;
}

static int copy(const struct xv_layout_pair *pair, uint32_t cpus,
		void (*convert)(const void *from, void *to))
{
	struct copying c;
	uint32_t left;
	void *prev = NULL;
	int ret = begin(&c, pair, cpus);

	for (left = c.from.max_entries; !ret && left; left--) {
		if (bpf_map_get_next_key(pair->from, prev, c.key))
			break;
		prev = c.key;
		ret = copy_element(&c, convert);
	}
	free_copying(&c);
	return ret;
}

int xv_layout_copy(const struct xv_layout_pair *pair, void (*convert)(const void *from, void *to))
{
	return copy(pair, 1, convert);
}

int xv_layout_copy_cpus(const struct xv_layout_pair *pair,
			void (*convert)(const void *from, void *to))
{
	return copy(pair, pair->cpus, convert);
}
