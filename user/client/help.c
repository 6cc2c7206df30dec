/* SPDX-License-Identifier: GPL-2.0-only */
/* Help: see help.h. */
#include <string.h>

#include "commands.h"
#include "help.h"

static const char head[] =
	"usage: xvtep [-j] [-i INSTANCE] OBJECT [COMMAND] [ARGUMENTS]\n"
	"\n"
	"  -j  JSON\n"
	"  -i  instance (default: default)\n"
	"  -a  drops: reasons without a packet too\n"
	"  -V  version\n"
	"  -h  this; after an object: its commands\n"
	"\n"
	"COMMAND is show if it is left out. Every word may be shortened as long as "
	"it is clear.\n"
	"\n";

void xv_help_print(FILE *out, const char *object)
{
	const struct xv_command *c;
	const char *last = NULL;
	char usage[512];

	fputs(head, out);
	for (c = xv_commands; c->object; c++) {
		if (object && strncmp(c->object, object, strlen(object)))
			continue;
		if (last && strcmp(last, c->object))
			fputc('\n', out);
		last = c->object;
		fprintf(out, "  xvtep %s\n      %s\n", xv_command_usage(c, usage, sizeof(usage)),
			c->help);
	}
}
