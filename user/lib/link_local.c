/* SPDX-License-Identifier: GPL-2.0-only */
/* The setting link-local of a network: see link_local.h. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link_local.h"

int xv_link_local_parse(const char *word, uint16_t *mask)
{
	unsigned long value;
	char *end;

	if (!strcmp(word, "drop") || !strcmp(word, "forward")) {
		*mask = *word == 'd' ? 0 : XV_LINK_LOCAL_ALL;
		return 0;
	}
	if (!isdigit((unsigned char)*word))
		return -EINVAL;
	value = strtoul(word, &end, 0);
	if (*end || value & ~(unsigned long)XV_LINK_LOCAL_ALL)
		return -EINVAL;
	*mask = value;
	return 0;
}

const char *xv_link_local_format(uint16_t mask, char buf[XV_LINK_LOCAL_STRLEN])
{
	if (!mask || mask == XV_LINK_LOCAL_ALL)
		strcpy(buf, mask ? "forward" : "drop");
	else
		snprintf(buf, XV_LINK_LOCAL_STRLEN, "0x%x", mask);
	return buf;
}
