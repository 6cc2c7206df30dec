/* SPDX-License-Identifier: GPL-2.0-only */
/* Arrays that grow. */
#ifndef XV_GROW_H
#define XV_GROW_H

#include <stddef.h>

/*
 * Makes room in *(TYPE **)array, which has room for *room elements, for one more behind n. 0 or
 * -ENOMEM, and nothing is changed then.
 */
int xv_grow(void *array, size_t n, size_t *room, size_t size);
/* The same where only n is kept: there is room for n rounded up to a power of two. */
int xv_grow_packed(void *array, size_t n, size_t size);

#endif
