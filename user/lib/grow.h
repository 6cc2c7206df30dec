/* SPDX-License-Identifier: GPL-2.0-only */
/* Arrays that grow. */
#ifndef XV_GROW_H
#define XV_GROW_H

#include <stddef.h>

/*
 * Makes room for one element behind the first n in *(TYPE **)array, which has room for *room. 0; or
 * -ENOMEM, and nothing has changed.
 */
int xv_grow(void *array, size_t n, size_t *room, size_t size);
/* The same for an array without stored room: it has room for n rounded up to a power of two. */
int xv_grow_packed(void *array, size_t n, size_t size);

#endif
