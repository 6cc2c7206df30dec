/* SPDX-License-Identifier: GPL-2.0-only */
/* Text from outside made safe to print: see printable.h. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "printable.h"
#include "row.h"

enum {
	ESCAPE_LEN = 4, /* \xNN */
};

/* U+0080 to U+009F are control characters too, and some terminals obey them. */
static bool is_control(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;

	if (len == 2)
		return s[0] == 0xc2 && s[1] < 0xa0;
	return len == 1 && (s[0] < 0x20 || s[0] == 0x7f);
}

size_t xv_printable(char *to, size_t size, const char *text)
{
	size_t used = 0, len, i;

	for (; *text; text += len) {
		len = xv_utf8_length(text);
		if (len && !is_control(text, len)) {
			if (used + len >= size)
				break;
			memcpy(to + used, text, len);
			used += len;
			continue;
		}
		len = len ? len : 1;
		if (used + len * ESCAPE_LEN >= size)
			break;
		for (i = 0; i < len; i++)
			used += sprintf(to + used, "\\x%02x", (unsigned char)text[i]);
	}
	to[used] = '\0';
	return used;
}
