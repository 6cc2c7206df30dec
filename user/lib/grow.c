/* SPDX-License-Identifier: GPL-2.0-only */
/* Arrays that grow: see grow.h. */
#include <errno.h>
#include <stdlib.h>

#include "grow.h"

enum {
	FIRST_ROOM = 16,
};

static int set_room(void **base, size_t room, size_t size)
{
	void *bigger = reallocarray(*base, room, size);

	if (!bigger)
		return -ENOMEM;
	*base = bigger;
	return 0;
}

int xv_grow(void *array, size_t n, size_t *room, size_t size)
{
	size_t more = *room ? 2 * *room : FIRST_ROOM;
	int ret;

	if (n < *room)
		return 0;
	ret = set_room(array, more, size);
	if (!ret)
		*room = more;
	return ret;
}

int xv_grow_packed(void *array, size_t n, size_t size)
{
	return n & (n - 1) ? 0 : set_room(array, n ? 2 * n : 1, size);
}
