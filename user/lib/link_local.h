/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A network's setting link-local, as a mask: if bit X is set, frames to 01:80:c2:00:00:0X are
 * forwarded. PAUSE frames (bit 1) are never forwarded, as in the kernel's bridge.
 */
#ifndef XV_LINK_LOCAL_H
#define XV_LINK_LOCAL_H

#include <stdint.h>

enum {
	XV_LINK_LOCAL_ALL = 0xfffd,
	XV_LINK_LOCAL_STRLEN = sizeof("forward"),
};

#define XV_LINK_LOCAL_RIGHT \
	"expected drop, forward, or a mask such as 0x4001 without 0x2, which is PAUSE"

/* Parses "drop", "forward" or a number (hexadecimal with 0x). 0 or -EINVAL. */
int xv_link_local_parse(const char *word, uint16_t *mask);
/* Writes the mask as text into buf and returns buf. */
const char *xv_link_local_format(uint16_t mask, char buf[XV_LINK_LOCAL_STRLEN]);

#endif
