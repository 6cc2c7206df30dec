/* SPDX-License-Identifier: GPL-2.0-only */
/* The run directory: see rundir.h. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rundir.h"

const char *xv_rundir_base(void)
{
	const char *dir = secure_getenv("XVTEP_RUN_DIR");

	return dir && *dir ? dir : "/run/xvtep";
}

int xv_rundir_path(const char *instance, const char *name, char *path, size_t size,
		   struct xv_err *err)
{
	int len;

	len = snprintf(path, size, "%s/%s%s%s", xv_rundir_base(), instance, *name ? "/" : "", name);
	if (len < 0 || (size_t)len >= size)
		return xv_err_set(err, -ENAMETOOLONG, "run directory %s/%s: the path is too long",
				  xv_rundir_base(), instance);
	return 0;
}

static int make_dir(const char *path, struct xv_err *err)
{
	struct stat st;

	if (!mkdir(path, 0755)) {
		/* mkdir() obeys the umask, but clients must be able to enter. */
		if (chmod(path, 0755))
			return xv_err_set(err, -errno, "%s: %s", path, strerror(errno));
		return 0;
	}
	if (errno != EEXIST)
		return xv_err_set(err, -errno, "cannot make the run directory %s: %s", path,
				  strerror(errno));
	if (stat(path, &st))
		return xv_err_set(err, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return xv_err_set(err, -ENOTDIR, "%s is not a directory: remove it", path);
	return 0;
}

int xv_rundir_make(const char *instance, struct xv_err *err)
{
	char path[128];
	int ret;

	ret = xv_rundir_path(instance, "", path, sizeof(path), err);
	if (ret)
		return ret;
	ret = make_dir(xv_rundir_base(), err);
	return ret ? ret : make_dir(path, err);
}

void xv_rundir_remove(const char *instance)
{
	static const char *const files[] = {"control.sock", "lock", ""};
	char path[PATH_MAX];
	size_t i;

	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		if (xv_rundir_path(instance, files[i], path, sizeof(path), NULL))
			continue;
		if (files[i][0])
			unlink(path);
		else
			rmdir(path);
	}
}
