/* SPDX-License-Identifier: GPL-2.0-only */
/* Network namespaces: see netns.h. */
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/netns.h"

/* Uses the namespace's cookie, a counter, because inode numbers are used again. */
int xv_netns_cookie(uint64_t *cookie)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret = 0;
	socklen_t len = sizeof(*cookie);

	if (fd < 0)
		return -errno;
	if (getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, cookie, &len))
		ret = -errno;
	close(fd);
	return ret;
}

int xv_netns_id(uint32_t *id)
{
	uint64_t cookie = 0;
	int ret = xv_netns_cookie(&cookie);

	if (!ret)
		*id = (uint32_t)cookie;
	return ret;
}

/* Earlier versions wrote the inode number, above 0xf0000000; no cookie becomes so large. */
static bool is_inode(uint32_t id)
{
	struct stat st;

	return id >= 0xf0000000 && !stat("/proc/thread-self/ns/net", &st) && st.st_ino == id;
}

bool xv_netns_is_here(uint32_t id)
{
	uint32_t here;

	return (!xv_netns_id(&here) && id == here) || is_inode(id);
}
