/* SPDX-License-Identifier: GPL-2.0-only */
/* Names in a text: see names.h. */
#include <stdio.h>
#include <string.h>

#include "names.h"

static const char more[] = ", ...";

static bool has(const char *text, const char *name)
{
	size_t len = strlen(name);
	const char *at;

	for (at = strstr(text, name); at; at = strstr(at + 1, name))
		if ((at == text || at[-1] == ' ') && (!at[len] || at[len] == ','))
			return true;
	return false;
}

bool xv_names_add(char *text, size_t size, const char *name)
{
	size_t len = strlen(text);
	const char *comma = len ? ", " : "";

	if (has(text, name))
		return false;
	if (len + strlen(comma) + strlen(name) + sizeof(more) <= size)
		snprintf(text + len, size - len, "%s%s", comma, name);
	else if (len && !has(text, "...") && len + sizeof(more) <= size)
		memcpy(text + len, more, sizeof(more));
	return true;
}
