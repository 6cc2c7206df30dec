/* SPDX-License-Identifier: GPL-2.0-only */
/* Restricts the daemon's privileges: see privileges.h. */
#include <cap-ng.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>

#include "kernel/privileges.h"
#include "log.h"

/* Capabilities for programs, maps and netlink. */
static const unsigned int serving[] = {CAP_NET_ADMIN, CAP_BPF, CAP_PERFMON};
/*
 * Further capabilities for the start: mounting a BPF file system, opening pinned objects by id, a
 * metrics port below 1024, locking memory on older kernels, and packet sockets for loop detection.
 */
static const unsigned int starting[] = {CAP_SYS_ADMIN, CAP_SYS_RESOURCE, CAP_NET_BIND_SERVICE,
					CAP_NET_RAW};

static int fail(struct xv_err *err, const char *what)
{
	int code = errno ? -errno : -EPERM;

	return xv_err_set(err, code, "cannot drop privileges: %s: %s", what, strerror(-code));
}

/* Clears the bounding set, from which an executed file could get capabilities. */
static int drop_bounding(struct xv_err *err)
{
	unsigned int cap;

	for (cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++) {
		if (!prctl(PR_CAPBSET_READ, cap, 0, 0, 0) || !prctl(PR_CAPBSET_DROP, cap, 0, 0, 0))
			continue;
		if (errno != EPERM || capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP))
			return fail(err, "bounding set");
		xv_log(LOG_INFO, "the capability bounding set stays, as emptying it needs "
				 "CAP_SETPCAP; NoNewPrivs is set");
		return 0;
	}
	return 0;
}

static bool is_in(unsigned int cap, const unsigned int *caps, size_t n)
{
	size_t i;

	for (i = 0; i < n && caps[i] != cap; i++)
		;
	return i < n;
}

static bool is_kept(unsigned int cap, bool start)
{
	return is_in(cap, serving, sizeof(serving) / sizeof(serving[0])) ||
	       (start && is_in(cap, starting, sizeof(starting) / sizeof(starting[0])));
}

/* Drops all capabilities except the wanted ones, and checks that no others are left. */
static int reduce(bool start, struct xv_err *err)
{
	unsigned int cap;

	errno = 0;
	if (capng_get_caps_process())
		return fail(err, "they cannot be read");
	for (cap = 0; cap <= CAP_LAST_CAP; cap++) {
		if (!is_kept(cap, start))
			capng_update(CAPNG_DROP, CAPNG_EFFECTIVE | CAPNG_PERMITTED, cap);
		capng_update(CAPNG_DROP, CAPNG_INHERITABLE, cap);
	}
	if (capng_apply(CAPNG_SELECT_CAPS))
		return fail(err, "capabilities");
	errno = 0;
	if (capng_get_caps_process())
		return fail(err, "they cannot be read");
	for (cap = 0; cap <= CAP_LAST_CAP; cap++)
		if (!is_kept(cap, start) && capng_have_capability(CAPNG_PERMITTED, cap))
			return fail(err, "some are left");
	return 0;
}

/* Whether there are other threads, whose capabilities would stay. */
static bool has_threads(void)
{
	DIR *d = opendir("/proc/self/task");
	struct dirent *entry;
	size_t n = 0;

	while (d && (entry = readdir(d)))
		n += entry->d_name[0] != '.';
	if (d)
		closedir(d);
	return n > 1;
}

int xv_privileges_bound(struct xv_err *err)
{
	int ret;

	capng_get_caps_process();
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return fail(err, "NoNewPrivs");
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
		return fail(err, "ambient set");
	ret = drop_bounding(err);
	return ret ?: reduce(true, err);
}

int xv_privileges_drop(struct xv_err *err)
{
	errno = 0;
	if (has_threads())
		return fail(err, "another thread would keep them");
	return reduce(false, err);
}

/* libcap-ng keeps its state for each thread separately too. */
int xv_privileges_none(void)
{
	capng_clear(CAPNG_SELECT_CAPS);
	if (capng_apply(CAPNG_SELECT_CAPS) || capng_get_caps_process() ||
	    capng_have_capabilities(CAPNG_SELECT_CAPS) != CAPNG_NONE)
		return -EPERM;
	return 0;
}
