/* SPDX-License-Identifier: GPL-2.0-only */
/* The grammar's tables, and their lists for help and messages: see commands.h. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "xv_abi.h"
#include "xv_wire.h"

enum {
	REQUIRED = XV_ARG_REQUIRED,
	FIRST = XV_ARG_REQUIRED | XV_ARG_POSITIONAL,
	OPTIONAL_FIRST = XV_ARG_POSITIONAL,
};

static const char *const inner_vlan_words[] = {"drop", "keep", NULL};
static const char *const port_xdp_words[] = {"auto", "native", "off", NULL};
static const char *const port_filters_words[] = {"auto", "before", "ignore", NULL};
static const char *const section_words[] = {"network", "port", "peer", "path", NULL};

/* One argument. Fields that are not given are zero. */
#define ARG(n, t, ...)                                       \
	{                                                    \
		.name = n, .type = XV_ARG_##t, ##__VA_ARGS__ \
	}
#define END \
	{   \
	}
#define SETTINGS                                                                                   \
	ARG("learning", ONOFF), ARG("ageing", UINT, .max = UINT32_MAX),                            \
		ARG("max-macs", UINT, .min = 1, .max = XV_MAX_FDB),                                \
		ARG("learn-rate", UINT, .max = UINT32_MAX),                                        \
		ARG("inner-vlan", WORD, .words = inner_vlan_words), ARG("link-local", LINK_LOCAL), \
		ARG("loop-detect", ONOFF)
#define VLAN	      ARG("vlan", UINT, .max = 4094)
#define NETWORK(when) ARG("network", NETWORK, .flags = when)

static const struct xv_arg no_args[] = {END};
static const struct xv_arg network_show[] = {NETWORK(OPTIONAL_FIRST), END};
static const struct xv_arg network_add[] = {
	ARG("vni", UINT, .flags = REQUIRED, .min = 1, .max = XV_VNI_MAX),
	ARG("name", NAME),
	SETTINGS,
	END,
};
static const struct xv_arg network_set[] = {NETWORK(FIRST), ARG("name", NAME), SETTINGS, END};
static const struct xv_arg network_del[] = {NETWORK(FIRST), END};
static const struct xv_arg port_show[] = {
	ARG("dev", DEV, .flags = OPTIONAL_FIRST),
	VLAN,
	NETWORK(0),
	END,
};
static const struct xv_arg port_add[] = {
	ARG("dev", DEV, .flags = FIRST),
	VLAN,
	NETWORK(REQUIRED),
	ARG("xdp", WORD, .words = port_xdp_words),
	ARG("filters", WORD, .words = port_filters_words),
	ARG("max-macs", UINT, .min = 1, .max = XV_MAX_FDB),
	END,
};
static const struct xv_arg port_del[] = {ARG("dev", DEV, .flags = FIRST), VLAN, END};
static const struct xv_arg fdb_show[] = {
	ARG("mac", MAC, .flags = OPTIONAL_FIRST),
	NETWORK(0),
	ARG("learned", FLAG),
	ARG("static", FLAG),
	ARG("remote", IP),
	ARG("dev", DEV),
	VLAN,
	END,
};
static const struct xv_arg fdb_add[] = {
	ARG("mac", MAC, .flags = FIRST),
	NETWORK(REQUIRED),
	ARG("remote", IP),
	ARG("dev", DEV),
	VLAN,
	ARG("sticky", FLAG),
	END,
};
static const struct xv_arg fdb_load[] = {
	ARG("file", FILE, .flags = FIRST),
	ARG("replace", FLAG),
	END,
};
static const struct xv_arg fdb_del[] = {
	ARG("mac", MAC, .flags = FIRST),
	NETWORK(REQUIRED),
	END,
};
static const struct xv_arg fdb_flush[] = {
	NETWORK(0),
	ARG("learned", FLAG),
	ARG("static", FLAG),
	ARG("remote", IP),
	ARG("dev", DEV),
	VLAN,
	END,
};
static const struct xv_arg flood_show[] = {NETWORK(OPTIONAL_FIRST), END};
static const struct xv_arg flood_edit[] = {
	NETWORK(REQUIRED),
	ARG("remote", IP, .flags = REQUIRED),
	END,
};
static const struct xv_arg flood_add[] = {
	NETWORK(REQUIRED),
	ARG("remote", IP, .flags = REQUIRED),
	ARG("dev", DEV),
	END,
};
static const struct xv_arg flood_flush[] = {NETWORK(FIRST), END};
static const struct xv_arg peer_show[] = {ARG("remote", IP, .flags = OPTIONAL_FIRST), END};
static const struct xv_arg peer_edit[] = {ARG("remote", IP, .flags = FIRST), END};
static const struct xv_arg stats_show[] = {
	ARG("section", WORD, .flags = OPTIONAL_FIRST, .words = section_words),
	END,
};
static const struct xv_arg drops_show[] = {ARG("all", FLAG, .flags = XV_ARG_LOCAL), END};
static const struct xv_arg config_text[] = {
	ARG("file", FILE, .flags = FIRST),
	ARG("text", TEXT, .flags = REQUIRED | XV_ARG_HIDDEN),
	END,
};

const struct xv_command xv_commands[] = {
	{"status", "show", "the instance, and how each underlay device is attached", no_args},
	{"network", "show", "networks, their settings and how many MACs they have learned",
	 network_show},
	{"network", "add", "make a network", network_add},
	{"network", "set", "change a network's name or settings", network_set},
	{"network", "del", "remove a network with its ports, flood list and FDB entries",
	 network_del},
	{"port", "show", "ports, and how frames are delivered to them", port_show},
	{"port", "add", "put a device, or one VLAN of it, into a network", port_add},
	{"port", "del", "take a port out of its network", port_del},
	{"fdb", "show", "FDB entries; age: seconds since the MAC last sent", fdb_show},
	{"fdb", "add", "add a static entry", fdb_add},
	{"fdb", "replace", "add a static entry, or change the one there is", fdb_add},
	{"fdb", "load", "add the static entries of FILE: lines as the arguments of add", fdb_load},
	{"fdb", "del", "remove an entry, static or learned", fdb_del},
	{"fdb", "flush", "remove all learned entries (static: the static ones) that match",
	 fdb_flush},
	{"flood", "show", "where broadcast, unknown unicast and multicast go", flood_show},
	{"flood", "add", "add a peer, or a multicast group, to a network's flood list", flood_add},
	{"flood", "del", "take a peer or group out of a network's flood list", flood_edit},
	{"flood", "flush", "empty a network's flood list of peers and groups", flood_flush},
	{"peer", "show", "peers and how they are reached", peer_show},
	{"peer", "add", "know a peer without its being in a flood list", peer_edit},
	{"peer", "del", "forget a peer that was added by hand", peer_edit},
	{"stats", "show", "packets and bytes by network, port, peer and path", stats_show},
	{"drops", "show", "packets dropped, by reason (all: also reasons without a packet)",
	 drops_show},
	{"apply", "", "make the running state what FILE says; only the difference is touched",
	 config_text},
	{"check", "", "check FILE without applying anything", config_text},
	{"reload", "", "apply the file the daemon was started with again (as SIGHUP does)",
	 no_args},
	{"save", "", "print the running state as a configuration file", no_args},
	{},
};

const struct xv_command *xv_command_find(const char *object, const char *name)
{
	const struct xv_command *c;

	for (c = xv_commands; c->object; c++) {
		if (!strcmp(c->object, object) && !strcmp(c->name, name))
			return c;
	}
	return NULL;
}

const struct xv_arg *xv_command_arg(const struct xv_command *command, const char *name)
{
	const struct xv_arg *arg;

	for (arg = command->args; arg->name; arg++) {
		if (!strcmp(arg->name, name))
			return arg;
	}
	return NULL;
}

const char *xv_arg_placeholder(const struct xv_arg *arg, char buf[64])
{
	static const char *const fixed[] = {
		[XV_ARG_FLAG] = "",	   [XV_ARG_UINT] = "N",
		[XV_ARG_ONOFF] = "on|off", [XV_ARG_WORD] = "",
		[XV_ARG_NAME] = "NAME",	   [XV_ARG_NETWORK] = "NETWORK",
		[XV_ARG_MAC] = "MAC",	   [XV_ARG_IP] = "ADDRESS",
		[XV_ARG_DEV] = "DEVICE",   [XV_ARG_FILE] = "FILE",
		[XV_ARG_TEXT] = "TEXT",	   [XV_ARG_LINK_LOCAL] = "drop|forward|MASK",
	};
	size_t i, used = 0;

	if (arg->type != XV_ARG_WORD)
		return fixed[arg->type];
	for (i = 0; arg->words[i] && used < 64; i++)
		used += snprintf(buf + used, 64 - used, "%s%s", i ? "|" : "", arg->words[i]);
	return buf;
}

const char *xv_arg_label(const struct xv_arg *arg, char buf[64])
{
	bool nameless = arg->flags & XV_ARG_POSITIONAL && arg->type != XV_ARG_WORD;

	return nameless ? xv_arg_placeholder(arg, buf) : arg->name;
}

/* Appends to buf; cuts off what does not fit. */
static void append(char *buf, size_t size, const char *a, const char *b, const char *c)
{
	size_t used = strlen(buf);

	snprintf(buf + used, size - used, "%s%s%s", a, b, c);
}

static void append_arg(const struct xv_arg *arg, char *buf, size_t size)
{
	bool required = arg->flags & XV_ARG_REQUIRED;
	char place[64];

	append(buf, size, required ? " " : " [", "", "");
	if (arg->flags & XV_ARG_POSITIONAL)
		append(buf, size, xv_arg_placeholder(arg, place), "", "");
	else if (arg->type == XV_ARG_FLAG)
		append(buf, size, arg->name, "", "");
	else
		append(buf, size, arg->name, " ", xv_arg_placeholder(arg, place));
	append(buf, size, required ? "" : "]", "", "");
}

const char *xv_command_usage(const struct xv_command *command, char *buf, size_t size)
{
	const struct xv_arg *arg;

	snprintf(buf, size, "%s%s%s", command->object, *command->name ? " " : "", command->name);
	for (arg = command->args; arg->name; arg++) {
		if ((arg->flags & XV_ARG_POSITIONAL) && !(arg->flags & XV_ARG_HIDDEN))
			append_arg(arg, buf, size);
	}
	for (arg = command->args; arg->name; arg++) {
		if (!(arg->flags & (XV_ARG_POSITIONAL | XV_ARG_HIDDEN)))
			append_arg(arg, buf, size);
	}
	return buf;
}

/* Adds a word to the list "a, b, c". list_join() makes the last comma an "or". */
static void list_word(char *buf, size_t size, const char *word)
{
	append(buf, size, *buf ? ", " : "", word, "");
}

static const char *list_join(char *buf, size_t size)
{
	char *comma = strrchr(buf, ',');
	char last[64];

	if (!comma)
		return buf;
	snprintf(last, sizeof(last), "%s", comma + 2);
	snprintf(comma, size - (comma - buf), " or %s", last);
	return buf;
}

const char *xv_command_objects(char *buf, size_t size)
{
	const struct xv_command *c;

	*buf = '\0';
	for (c = xv_commands; c->object; c++) {
		if (c == xv_commands || strcmp(c->object, c[-1].object))
			list_word(buf, size, c->object);
	}
	return list_join(buf, size);
}

const char *xv_command_names(const char *object, char *buf, size_t size)
{
	const struct xv_command *c;

	*buf = '\0';
	for (c = xv_commands; c->object; c++) {
		if (!strcmp(c->object, object) && *c->name)
			list_word(buf, size, c->name);
	}
	return list_join(buf, size);
}

const char *xv_command_args(const struct xv_command *command, char *buf, size_t size)
{
	const struct xv_arg *arg;
	char place[64];

	*buf = '\0';
	for (arg = command->args; arg->name; arg++) {
		if (!(arg->flags & XV_ARG_HIDDEN))
			list_word(buf, size, xv_arg_label(arg, place));
	}
	return list_join(buf, size);
}
