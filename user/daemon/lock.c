/* SPDX-License-Identifier: GPL-2.0-only */
/* One daemon an instance: see lock.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lock.h"

static int make_run_dir(const char *dir, struct xv_err *err)
{
	if ((mkdir(XV_RUN_DIR, 0755) && errno != EEXIST) || (mkdir(dir, 0755) && errno != EEXIST))
		return xv_err_set(err, -errno, "cannot make %s: %s", dir, strerror(errno));
	return 0;
}

int xv_lock_take(const char *instance, int *out, struct xv_err *err)
{
	char dir[128], path[140], pid[32] = "";
	int fd, ret;

	snprintf(dir, sizeof(dir), XV_RUN_DIR "/%s", instance);
	snprintf(path, sizeof(path), "%s/lock", dir);
	ret = make_run_dir(dir, err);
	if (ret)
		return ret;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return xv_err_set(err, -errno, "cannot open %s: %s", path, strerror(errno));
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		if (read(fd, pid, sizeof(pid) - 1) < 0)
			pid[0] = '\0';
		pid[strcspn(pid, "\n")] = '\0';
		close(fd);
		return xv_err_set(
			err, -EBUSY,
			"instance \"%s\" is running already (process %s): stop it first, or "
			"choose another name with -i",
			instance, pid);
	}
	snprintf(pid, sizeof(pid), "%d\n", getpid());
	if (ftruncate(fd, 0) || write(fd, pid, strlen(pid)) < 0) {
		close(fd);
		return xv_err_set(err, -EIO, "cannot write %s", path);
	}
	*out = fd;
	return 0;
}

void xv_lock_release(int fd)
{
	if (fd >= 0)
		close(fd);
}
