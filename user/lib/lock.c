/* SPDX-License-Identifier: GPL-2.0-only */
/* One daemon an instance: see lock.h. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lock.h"
#include "rundir.h"

int xv_lock_take(const char *instance, int *out, struct xv_err *err)
{
	char path[PATH_MAX], pid[32] = "";
	int fd, ret;

	ret = xv_rundir_path(instance, "lock", path, sizeof(path), err);
	ret = ret ?: xv_rundir_make(instance, err);
	if (ret)
		return ret;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || fchmod(fd, 0600)) /* who may open the file may lock it */
		return xv_err_set(err, -errno, "cannot open %s: %s", path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		if (read(fd, pid, sizeof(pid) - 1) < 0)
			pid[0] = '\0';
		pid[strcspn(pid, "\n")] = '\0';
		close(fd);
		return xv_err_set(err, -EBUSY,
				  "instance \"%s\" is running already (process %s): stop it first",
				  instance, pid);
	}
	snprintf(pid, sizeof(pid), "%d\n", getpid());
	if (ftruncate(fd, 0) || write(fd, pid, strlen(pid)) < 0) {
		ret = xv_err_set(err, -errno, "cannot write %s: %s", path, strerror(errno));
		close(fd);
		return ret;
	}
	*out = fd;
	return 0;
}

int xv_lock_pins(const char *dir, int *out, struct xv_err *err)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? -ENOENT
				       : xv_err_set(err, -errno, "%s: %s", dir, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		close(fd);
		return xv_err_set(err, -EBUSY,
				  "%s is held by an xvtepd that runs, though its run directory is "
				  "gone: stop it first (fuser %s names it)",
				  dir, dir);
	}
	*out = fd;
	return 0;
}

bool xv_lock_is_at(int fd, const char *path)
{
	struct stat held, there;

	return !stat(path, &there) && !fstat(fd, &held) && there.st_ino == held.st_ino &&
	       there.st_dev == held.st_dev;
}

int xv_lock_renew(const char *instance, int *fd, struct xv_err *err)
{
	char path[PATH_MAX];
	int fresh, ret;

	ret = xv_rundir_path(instance, "lock", path, sizeof(path), err);
	if (ret)
		return ret;
	if (xv_lock_is_at(*fd, path))
		return 0;
	ret = xv_lock_take(instance, &fresh, err);
	if (ret)
		return ret;
	close(*fd);
	*fd = fresh;
	return 0;
}

void xv_lock_release(int fd)
{
	if (fd >= 0)
		close(fd);
}
