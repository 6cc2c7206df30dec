/* SPDX-License-Identifier: GPL-2.0-only */
/* Pin directories: see pin_dir.h. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <dirent.h>
#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "kernel/netns.h"
#include "lock.h"
#include "maps/links.h"
#include "maps/migration.h"
#include "maps/pin_dir.h"

#define BPFFS "/sys/fs/bpf"

enum {
	DIR_DEPTH = 4,
	PATH_SIZE = 160, /* of a directory in a pin directory, bytes with NUL */
};

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
bool xv_pin_dir_is_private(void)
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

static int make_dirs(const char *pin_dir, struct xv_err *err)
{
	char links[PATH_SIZE];

	snprintf(links, sizeof(links), "%s/links", pin_dir);
	if ((mkdir(XV_PIN_ROOT, 0700) && errno != EEXIST) ||
	    (mkdir(pin_dir, 0700) && errno != EEXIST) || (mkdir(links, 0700) && errno != EEXIST))
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

int xv_pin_dir_remove(const char *instance, struct xv_err *err)
{
	char dir[128];
	int ret;

	libbpf_set_print(NULL); /* what cannot be removed is told by errno */
	snprintf(dir, sizeof(dir), XV_PIN_ROOT "/%s", instance);
	xv_links_remove_all(dir);
	ret = remove_dir(dir, DIR_DEPTH);
	if (ret)
		return xv_err_set(err, ret, "cannot remove %s: %s", dir, strerror(-ret));
	rmdir(XV_PIN_ROOT);
	return 0;
}

/*
 * Removes what a first set-up left that was interrupted before it wrote xv_meta, if it is this
 * instance's to remove. No program forwards by it yet. Other problems are reported later.
 */
static void remove_unfinished(const char *pin_dir, int *lock_fd)
{
	struct xv_pinned pinned;
	struct xv_err ignored;

	if (xv_pinned_read(pin_dir, &pinned) || !pinned.unfinished ||
	    (xv_links_are_live(pin_dir) && !xv_links_are_here(pin_dir)))
		return;
	xv_pin_dir_remove(strrchr(pin_dir, '/') + 1, &ignored);
	xv_lock_release(*lock_fd);
	*lock_fd = -1;
}

int xv_pin_dir_take(const char *pin_dir, int *lock_fd, struct xv_pinned *pinned, struct xv_err *err)
{
	int adopted, ret = mount_bpffs(err);

	if (ret)
		return ret;
	ret = xv_lock_pins(pin_dir, lock_fd, err); /* before anything in it is read */
	if (ret && ret != -ENOENT)
		return ret;
	remove_unfinished(pin_dir, lock_fd);
	ret = xv_migration_finish(pin_dir, err);
	if (ret)
		return ret;
	adopted = check_pinned(pin_dir, pinned, err);
	if (adopted < 0)
		return adopted;
	ret = make_dirs(pin_dir, err);
	if (!ret && *lock_fd < 0)
		ret = xv_lock_pins(pin_dir, lock_fd, err);
	return ret ?: adopted;
}

int xv_pin_dir_renew(const char *pin_dir, int *lock_fd, struct xv_err *err)
{
	int fd = -1, ret = make_dirs(pin_dir, err);

	if (ret || xv_lock_is_at(*lock_fd, pin_dir))
		return ret;
	ret = xv_lock_pins(pin_dir, &fd, err);
	if (ret)
		return ret;
	xv_lock_release(*lock_fd);
	*lock_fd = fd;
	return 0;
}
