/* SPDX-License-Identifier: GPL-2.0-only */
/* The BPF object of an instance: loads, pins, adopts and removes it. See datapath.h. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cap-ng.h>
#include <dirent.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "kernel/attach.h"
#include "kernel/kernel.h"
#include "kernel/meta.h"
#include "kernel/netns.h"
#include "kernel/pinned.h"
#include "lock.h"
#include "maps/datapath.h"
#include "maps/links.h"
#include "maps/migration.h"
#include "xvtep.skel.h"

#define BPFFS "/sys/fs/bpf"

enum {
	DIR_DEPTH = 4,
};

/* The last warnings of libbpf: only its print callback gets the reason of a failed load. */
static char libbpf_text[256];

static int keep_warning(enum libbpf_print_level level, const char *fmt, va_list ap)
{
	char line[sizeof(libbpf_text)];

	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(line, sizeof(line), fmt, ap);
	line[strcspn(line, "\n")] = '\0';
	if (!libbpf_text[0])
		memcpy(libbpf_text, line, sizeof(libbpf_text));
	return 0;
}

static int check_privileges(struct xv_err *err)
{
	static const struct {
		unsigned int cap;
		const char *name;
	} need[] = {
		{CAP_NET_ADMIN, "CAP_NET_ADMIN"},
		{CAP_BPF, "CAP_BPF"},
		{CAP_PERFMON, "CAP_PERFMON"},
	};
	size_t i;

	capng_get_caps_process();
	for (i = 0; i < sizeof(need) / sizeof(need[0]); i++)
		if (!capng_have_capability(CAPNG_EFFECTIVE, need[i].cap) &&
		    !capng_have_capability(CAPNG_EFFECTIVE, CAP_SYS_ADMIN))
			return xv_err_set(
				err, -EPERM,
				"missing privilege %s: run as root, or give CAP_NET_ADMIN, "
				"CAP_BPF and CAP_PERFMON",
				need[i].name);
	return 0;
}

/* Mounts bpffs if it is not mounted, or is hidden by a new sysfs (as under `ip netns exec`). */
static int mount_bpffs(struct xv_err *err)
{
	struct statfs fs;

	if (!statfs(BPFFS, &fs) && fs.f_type == BPF_FS_MAGIC)
		return 0;
	if (!mount("bpf", BPFFS, "bpf", 0, "mode=0700"))
		return 0;
	return xv_err_set(err, -errno, "%s is not a BPF file system and mounting one failed: %s",
			  BPFFS, strerror(errno));
}

/* Compares with mountinfo, because the daemon may not look at /proc/1/root and /proc/1/ns. */
bool xv_datapath_is_private(void)
{
	FILE *mounts = fopen("/proc/1/mountinfo", "re");
	unsigned int major, minor;
	struct stat st;
	char *line = NULL;
	size_t room = 0;
	bool found = false;

	if (!mounts || stat(BPFFS, &st)) {
		if (mounts)
			fclose(mounts);
		return false;
	}
	while (!found && getline(&line, &room, mounts) > 0)
		found = sscanf(line, "%*u %*u %u:%u", &major, &minor) == 2 &&
			makedev(major, minor) == st.st_dev;
	free(line);
	fclose(mounts);
	return !found;
}

static int make_dirs(const struct xv_datapath *dp, struct xv_err *err)
{
	char links[sizeof(dp->pin_dir) + 8];

	snprintf(links, sizeof(links), "%s/links", dp->pin_dir);
	if ((mkdir(XV_PIN_ROOT, 0700) && errno != EEXIST) ||
	    (mkdir(dp->pin_dir, 0700) && errno != EEXIST) ||
	    (mkdir(links, 0700) && errno != EEXIST))
		return xv_err_set(err, -errno, "cannot make %s: %s", links, strerror(errno));
	return 0;
}

static int say_layout(const char *pin_dir, const struct xv_pinned *pinned, struct xv_err *err)
{
	char layout[24] = "of another size", version[XV_META_TEXT + 8] = "an xvtepd";

	if (pinned->layout)
		snprintf(layout, sizeof(layout), "%u", pinned->layout);
	if (pinned->version[0])
		snprintf(version, sizeof(version), "xvtepd %s", pinned->version);
	return xv_err_set(err, -EPROTO,
			  "%s was made by %s with map layout %s, this one has %u: remove it with "
			  "`xvtepd --detach -i %s` (see UPGRADES in xvtepd(8)), or run the other "
			  "version",
			  pin_dir, version, layout, XV_ABI_VERSION, strrchr(pin_dir, '/') + 1);
}

/*
 * 1: there are pinned maps that can be taken over; 0: there are none; negative: there are pins that
 * must not be touched.
 */
static int check_pinned(const char *pin_dir, struct xv_pinned *pinned, struct xv_err *err)
{
	int ret = xv_pinned_read(pin_dir, pinned);

	if (ret) /* must fail here: a load that fails later would remove pins, perhaps of an
		    instance that forwards */
		return xv_err_set(err, ret, "cannot open %s/%s: %s; nothing was changed", pin_dir,
				  pinned->unreadable ?: "xv_meta", strerror(-ret));
	if (!pinned->whole && xv_links_are_live(pin_dir))
		return xv_err_set(
			err, -EPROTO,
			"%s/xv_config is gone, but programs that need it are attached still: "
			"remove them with `xvtepd --detach -i %s`; nothing was changed",
			pin_dir, strrchr(pin_dir, '/') + 1);
	if (!pinned->exists)
		return 0;
	if (!pinned->ours && !xv_migration_knows(pinned))
		return say_layout(pin_dir, pinned, err);
	if (pinned->placed && !xv_netns_is_here(pinned->netns))
		return xv_err_set(err, -EBUSY,
				  "%s belongs to an instance in another network namespace: choose "
				  "another instance name, or remove it with `xvtepd --detach -i "
				  "%s` there, or "
				  "here if that namespace is gone",
				  pin_dir, strrchr(pin_dir, '/') + 1);
	return 1;
}

/*
 * Removes what a first set-up left that was interrupted before it wrote xv_meta, if it is this
 * instance's to remove. No program forwards by it yet. Other problems are reported later.
 */
static void remove_unfinished(struct xv_datapath *dp, const char *instance)
{
	struct xv_pinned pinned;
	struct xv_err ignored;

	if (xv_pinned_read(dp->pin_dir, &pinned) || !pinned.unfinished ||
	    (xv_links_are_live(dp->pin_dir) && !xv_links_are_here(dp->pin_dir)))
		return;
	xv_datapath_remove(instance, &ignored);
	xv_lock_release(dp->lock_fd);
	dp->lock_fd = -1;
}

/* Locks the pin directory, if there is one, before anything in it is read. */
static int look_at_pins(struct xv_datapath *dp, const char *instance, struct xv_pinned *pinned,
			struct xv_err *err)
{
	int ret = xv_lock_pins(dp->pin_dir, &dp->lock_fd, err);

	if (ret && ret != -ENOENT)
		return ret;
	remove_unfinished(dp, instance);
	ret = xv_migration_finish(dp->pin_dir, err);
	if (ret)
		return ret;
	ret = check_pinned(dp->pin_dir, pinned, err);
	if (ret < 0)
		return ret;
	dp->adopted = ret;
	ret = make_dirs(dp, err);
	if (!ret && dp->lock_fd < 0)
		ret = xv_lock_pins(dp->pin_dir, &dp->lock_fd, err);
	return ret;
}

static void *map_memory(int fd, size_t len)
{
	void *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	return p == MAP_FAILED ? NULL : p;
}

static void fill_fds(struct xv_datapath *dp)
{
	struct xvtep_bpf *skel = dp->skel;

	dp->fd = (struct xv_map_fds){
		.config = bpf_map__fd(skel->maps.xv_config),
		.vni = bpf_map__fd(skel->maps.xv_vni),
		.vni_index = bpf_map__fd(skel->maps.xv_vni_index),
		.bd = bpf_map__fd(skel->maps.xv_bd),
		.bd_info = bpf_map__fd(skel->maps.xv_bd_info),
		.port = bpf_map__fd(skel->maps.xv_port),
		.port_index = bpf_map__fd(skel->maps.xv_port_index),
		.port_dev = bpf_map__fd(skel->maps.xv_port_dev),
		.peer = bpf_map__fd(skel->maps.xv_peer),
		.peer_index = bpf_map__fd(skel->maps.xv_peer_index),
		.adj = bpf_map__fd(skel->maps.xv_adj),
		.fdb = bpf_map__fd(skel->maps.xv_fdb),
		.fdb_table = bpf_map__fd(skel->maps.xv_fdb_table),
		.flood = bpf_map__fd(skel->maps.xv_flood),
		.tx = bpf_map__fd(skel->maps.xv_tx),
		.uplink = bpf_map__fd(skel->maps.xv_uplink),
		.events = bpf_map__fd(skel->maps.xv_events),
		.stats = bpf_map__fd(skel->maps.xv_stats),
		.drop_last = bpf_map__fd(skel->maps.xv_drop_last),
	};
}

/* Notes the names of maps whose pins are missing; the load makes them new and empty. */
static void note_missing(struct xv_datapath *dp)
{
	struct bpf_map *map;
	const char *path;
	size_t len = 0;

	bpf_object__for_each_map(map, dp->skel->obj)
	{
		path = bpf_map__pin_path(map);
		if (dp->adopted && !dp->migration && path && access(path, F_OK) &&
		    len < sizeof(dp->missing))
			len += snprintf(dp->missing + len, sizeof(dp->missing) - len, "%s%s",
					len ? ", " : "", bpf_map__name(map));
	}
}

/*
 * xv_meta must be pinned after it was written, not by the load, so that what any reader finds in it
 * is true. A migration pins it last.
 */
static bool hold_meta_back(struct xv_datapath *dp)
{
	struct bpf_map *meta = dp->skel->maps.xv_meta;

	return access(bpf_map__pin_path(meta), F_OK) && !bpf_map__set_pin_path(meta, NULL);
}

static int pin_meta(struct xv_datapath *dp, const char *instance, struct xv_err *err)
{
	struct bpf_map *meta = dp->skel->maps.xv_meta;
	char path[sizeof(dp->pin_dir) + 16];
	int ret = xv_meta_write(bpf_map__fd(meta), instance);

	snprintf(path, sizeof(path), "%s/xv_meta", dp->pin_dir);
	ret = ret ?: bpf_map__pin(meta, path);
	return ret ? xv_err_set(err, ret, "cannot pin %s: %s", path, strerror(-ret)) : 0;
}

/* Prepares the object for its load. */
static void prepare_maps(struct xv_datapath *dp)
{
	char tx[sizeof(dp->pin_dir) + 8];

	/*
	 * The kernel sets BPF_F_RDONLY_PROG on a devmap but refuses it at creation, so libbpf 1.1
	 * finds that the pinned map differs from the object's ("parameter mismatch"). May go with
	 * libbpf 1.2.
	 */
	snprintf(tx, sizeof(tx), "%s/xv_tx", dp->pin_dir);
	if (!access(tx, F_OK))
		bpf_map__set_map_flags(dp->skel->maps.xv_tx, BPF_F_RDONLY_PROG);
	note_missing(dp);
	dp->cpus = libbpf_num_possible_cpus();
	dp->cpu_ids = xv_kernel_cpu_ids();
	bpf_map__set_max_entries(dp->skel->maps.xv_stats, dp->cpu_ids);
}

static int load(struct xv_datapath *dp, const char *instance, const struct xv_pinned *pinned,
		struct xv_err *err)
{
	LIBBPF_OPTS(bpf_object_open_opts, opts, .pin_root_path = dp->pin_dir);
	bool held;
	int ret = 0;

	libbpf_text[0] = '\0';
	libbpf_set_print(keep_warning);
	dp->skel = xvtep_bpf__open_opts(&opts);
	if (!dp->skel)
		return xv_err_set(err, -errno, "cannot open the BPF object: %s", libbpf_text);
	if (dp->adopted && !pinned->ours)
		ret = xv_migration_begin(dp->pin_dir, pinned, dp->skel->obj, &dp->migration, err);
	if (ret)
		return ret;
	prepare_maps(dp);
	held = hold_meta_back(dp);
	ret = xvtep_bpf__load(dp->skel);
	if (ret)
		return xv_err_set(err, ret, "cannot load the BPF programs: %s (%s)", strerror(-ret),
				  libbpf_text);
	fill_fds(dp);
	if (dp->migration)
		return xv_migration_fill(dp->migration, instance, err);
	return held ? pin_meta(dp, instance, err) : 0;
}

int xv_datapath_commit(struct xv_datapath *dp, struct xv_err *err)
{
	int ret;

	if (!dp->migration)
		return 0;
	ret = xv_migration_commit(dp->migration, err);
	if (ret)
		return ret;
	xv_migration_tell(dp->migration, dp->taken_over, sizeof(dp->taken_over));
	xv_migration_end(dp->migration);
	dp->migration = NULL;
	return 0;
}

static int map_tables(struct xv_datapath *dp, struct xv_err *err)
{
	dp->bd = map_memory(dp->fd.bd, XV_MAX_NETWORKS * sizeof(*dp->bd));
	dp->bd_info = map_memory(dp->fd.bd_info, XV_MAX_NETWORKS * sizeof(*dp->bd_info));
	dp->adj = map_memory(dp->fd.adj, XV_MAX_PEERS * sizeof(*dp->adj));
	dp->vni_index = map_memory(dp->fd.vni_index, XV_VNI_INDEX * sizeof(*dp->vni_index));
	dp->peer_index = map_memory(dp->fd.peer_index, XV_PEER_INDEX * sizeof(*dp->peer_index));
	if (!dp->bd || !dp->bd_info || !dp->adj || !dp->vni_index || !dp->peer_index)
		return xv_err_set(err, -ENOMEM, "cannot map the tables: %s", strerror(errno));
	return 0;
}

int xv_datapath_map_stats(struct xv_datapath *dp)
{
	if (!dp->stats)
		dp->stats = map_memory(dp->fd.stats, dp->cpu_ids * sizeof(*dp->stats));
	return dp->stats ? 0 : -errno;
}

void xv_datapath_unmap_stats(struct xv_datapath *dp)
{
	if (dp->stats)
		munmap(dp->stats, dp->cpu_ids * sizeof(*dp->stats));
	dp->stats = NULL;
}

/* Locks the pin directory again if it was removed and made anew. */
static int renew_lock(struct xv_datapath *dp, struct xv_err *err)
{
	struct stat held, there;
	int fd = -1, ret;

	if (!stat(dp->pin_dir, &there) && !fstat(dp->lock_fd, &held) &&
	    there.st_ino == held.st_ino && there.st_dev == held.st_dev)
		return 0;
	ret = xv_lock_pins(dp->pin_dir, &fd, err);
	if (ret)
		return ret;
	xv_lock_release(dp->lock_fd);
	dp->lock_fd = fd;
	return 0;
}

int xv_datapath_pin_again(struct xv_datapath *dp, struct xv_err *err)
{
	char links[sizeof(dp->pin_dir) + 8];
	struct bpf_map *map;
	const char *path;
	int n = 0, ret = 0;

	snprintf(links, sizeof(links), "%s/links", dp->pin_dir);
	if (access(links, F_OK))
		ret = make_dirs(dp, err);
	ret = ret ?: renew_lock(dp, err);
	if (ret)
		return ret;
	bpf_object__for_each_map(map, dp->skel->obj)
	{
		path = bpf_map__pin_path(map);
		if (!path || !access(path, F_OK))
			continue;
		if (bpf_obj_pin(bpf_map__fd(map), path))
			return xv_err_set(err, -errno, "cannot pin %s again: %s", path,
					  strerror(errno));
		n++;
	}
	return n;
}

int xv_datapath_check(struct xv_err *err)
{
	struct utsname uts;
	int ret;

	uname(&uts);
	ret = xv_kernel_check(uts.release, err);
	return ret ?: check_privileges(err);
}

int xv_datapath_open(const char *instance, struct xv_datapath **out, struct xv_err *err)
{
	struct xv_pinned pinned;
	struct xv_datapath *dp;
	int ret;

	ret = mount_bpffs(err);
	if (ret)
		return ret;
	dp = calloc(1, sizeof(*dp));
	if (!dp)
		return xv_err_set(err, -ENOMEM, "out of memory");
	dp->lock_fd = -1;
	snprintf(dp->pin_dir, sizeof(dp->pin_dir), XV_PIN_ROOT "/%s", instance);
	ret = look_at_pins(dp, instance, &pinned, err);
	if (ret)
		goto err_free;
	ret = load(dp, instance, &pinned, err);
	ret = ret ?: map_tables(dp, err);
	if (ret) {
		struct xv_err ignored;

		if (!dp->adopted)
			xv_datapath_remove(instance, &ignored);
		goto err_free;
	}
	*out = dp;
	return 0;
err_free:
	xv_datapath_close(dp);
	return ret;
}

void xv_datapath_close(struct xv_datapath *dp)
{
	if (!dp)
		return;
	if (dp->bd)
		munmap(dp->bd, XV_MAX_NETWORKS * sizeof(*dp->bd));
	if (dp->bd_info)
		munmap(dp->bd_info, XV_MAX_NETWORKS * sizeof(*dp->bd_info));
	if (dp->adj)
		munmap(dp->adj, XV_MAX_PEERS * sizeof(*dp->adj));
	if (dp->vni_index)
		munmap(dp->vni_index, XV_VNI_INDEX * sizeof(*dp->vni_index));
	if (dp->peer_index)
		munmap(dp->peer_index, XV_PEER_INDEX * sizeof(*dp->peer_index));
	xv_datapath_unmap_stats(dp);
	xv_migration_end(dp->migration);
	xvtep_bpf__destroy(dp->skel);
	xv_lock_release(dp->lock_fd);
	free(dp);
}

static int prog_fd(const struct xv_datapath *dp, enum xv_prog prog)
{
	const struct xvtep_bpf *skel = dp->skel;

	switch (prog) {
	case XV_PROG_DECAP:
		return bpf_program__fd(skel->progs.xv_decap);
	case XV_PROG_DECAP_SKB:
		return bpf_program__fd(skel->progs.xv_decap_skb);
	case XV_PROG_DECAP_TC:
		return bpf_program__fd(skel->progs.xv_decap_tc);
	case XV_PROG_SLOW_RX:
		return bpf_program__fd(skel->progs.xv_slow_rx);
	case XV_PROG_ENCAP:
		return bpf_program__fd(skel->progs.xv_encap);
	case XV_PROG_PORT_ENCAP:
		return bpf_program__fd(skel->progs.xv_port_encap);
	case XV_PROG_MAX:
		break;
	}
	return -EINVAL;
}

int xv_datapath_attach_tc(const struct xv_datapath *dp, const struct xv_link *link,
			  enum xv_prog prog, bool behind, struct xv_err *err)
{
	return xv_attach_tc(dp->pin_dir, prog_fd(dp, prog), link, behind, err);
}

int xv_datapath_attach_tc_soon(const struct xv_datapath *dp, const struct xv_link *link,
			       enum xv_prog prog, bool *filter, struct xv_err *err)
{
	return xv_attach_tc_soon(dp->pin_dir, prog_fd(dp, prog), link, filter, err);
}

int xv_datapath_attach_xdp(const struct xv_datapath *dp, struct xv_netlink *nl,
			   const struct xv_link *link, enum xv_prog prog, struct xv_err *err)
{
	return xv_attach_xdp(dp->pin_dir, prog_fd(dp, prog), nl, link, prog == XV_PROG_DECAP_SKB,
			     err);
}

/* Detaches a link before its pin is removed, as something else may hold the link. */
static void remove_pin(const char *path)
{
	int fd = bpf_obj_get(path);

	if (fd >= 0) {
		bpf_link_detach(fd);
		close(fd);
	}
	remove(path);
}

/*
 * Removes a directory and what is in it, also the marks of clsact.h and directories of other
 * layouts.
 */
static int remove_dir(const char *dir, int depth)
{
	char path[512];
	struct dirent *entry;
	DIR *d = opendir(dir);

	if (!d)
		return errno == ENOENT ? 0 : -errno;
	while ((entry = readdir(d))) {
		if (entry->d_name[0] == '.' ||
		    snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) >= (int)sizeof(path))
			continue;
		if (entry->d_type == DT_DIR && depth)
			remove_dir(path, depth - 1);
		else
			remove_pin(path);
	}
	closedir(d);
	return rmdir(dir) ? -errno : 0;
}

int xv_datapath_remove(const char *instance, struct xv_err *err)
{
	char dir[128];
	int ret;

	libbpf_set_print(keep_warning);
	snprintf(dir, sizeof(dir), XV_PIN_ROOT "/%s", instance);
	xv_links_remove_all(dir);
	ret = remove_dir(dir, DIR_DEPTH);
	if (ret)
		return xv_err_set(err, ret, "cannot remove %s: %s", dir, strerror(-ret));
	rmdir(XV_PIN_ROOT);
	return 0;
}
