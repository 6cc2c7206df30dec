/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of a network in a configuration file, in tables; inner tables come first. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config/config_network.h"
#include "config/config_value.h"
#include "config/config_words.h"
#include "link_local.h"
#include "xv_wire.h"

/* ports: eth1, or {dev: eth1, vlan: 10, xdp: off, max-macs: 8} */

enum { PORT_DEV, PORT_VLAN, PORT_XDP, PORT_FILTERS, PORT_MAX_MACS, PORT_KEYS };

static int read_port_xdp(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	struct xv_config_port *port = obj;
	uint32_t index;
	int err;

	err = xv_value_word(r, key->name, xv_port_xdp_words, &index);
	if (!err)
		port->xdp = index;
	return err;
}

static int read_port_filters(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	struct xv_config_port *port = obj;
	uint32_t index;
	int err;

	err = xv_value_word(r, key->name, xv_port_filters_words, &index);
	if (!err)
		port->filters = index;
	return err;
}

static const struct xv_reader_key port_keys[PORT_KEYS] = {
	[PORT_DEV] = {"dev", xv_value_key_dev, offsetof(struct xv_config_port, dev)},
	[PORT_VLAN] = {"vlan", xv_value_key_u16, offsetof(struct xv_config_port, vlan), 0, 4094},
	[PORT_XDP] = {"xdp", read_port_xdp},
	[PORT_FILTERS] = {"filters", read_port_filters},
	[PORT_MAX_MACS] = {"max-macs", xv_value_key_u32, offsetof(struct xv_config_port, max_macs),
			   1, XV_MAX_FDB},
};

/* Checks that the network's flood list, which holds ports, peers and the group, has room. */
static int check_flood_room(struct xv_reader *r, const struct xv_config_network *network)
{
	struct xv_schema *s = r->arg;

	if (network->n_ports + network->n_flood + network->has_group >= XV_MAX_FLOOD_LIST)
		return xv_schema_too_many(r, XV_MAX_FLOOD_LIST,
					  "ports and flood list entries in one network");
	if (s->n_ports + s->n_flood >= XV_MAX_FLOOD)
		return xv_schema_too_many(r, XV_MAX_FLOOD,
					  "ports and flood list entries in all networks");
	return 0;
}

static int read_port(struct xv_reader *r, void *obj)
{
	struct xv_config_network *network = obj;
	struct xv_schema *s = r->arg;
	struct xv_config_port *port;
	int lines[PORT_KEYS];
	int err;

	if (s->n_ports >= XV_MAX_PORTS - 1)
		return xv_schema_too_many(r, XV_MAX_PORTS - 1, "ports in all networks");
	err = check_flood_room(r, network);
	if (err)
		return err;
	port = xv_schema_append(r, &network->ports, network->n_ports, sizeof(*port));
	if (!port)
		return -ENOMEM;
	network->n_ports++;
	s->n_ports++;
	port->line = xv_reader_line(r);
	if (r->event.type != YAML_MAPPING_START_EVENT)
		return xv_value_dev(r, "port", port->dev);
	err = xv_reader_mapping(r, "port", port_keys, PORT_KEYS, port, lines);
	if (!err && !lines[PORT_DEV])
		err = xv_schema_missing(r, port->line, "port", "dev", "dev: eth1");
	if (!err && port->vlan && port->xdp == XV_PORT_XDP_NATIVE)
		err = xv_source_error(
			&r->source, lines[PORT_XDP],
			"port \"%s\" is a VLAN, for which there is no \"xdp: native\": "
			"leave it away",
			port->dev);
	if (!err && port->xdp == XV_PORT_XDP_NATIVE && port->filters == XV_FILTERS_BEFORE)
		err = xv_source_error(&r->source, lines[PORT_FILTERS],
				      "port \"%s\" has \"xdp: native\", which is before any "
				      "filter: leave that or "
				      "\"filters: before\" away",
				      port->dev);
	return err;
}

static int read_ports(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	return xv_reader_list(r, key->name, read_port, obj);
}

/* flood: addresses of peers; group: one multicast address */

static int read_remote(struct xv_reader *r, void *obj)
{
	struct xv_config_network *network = obj;
	struct xv_schema *s = r->arg;
	struct xv_config_remote *remote;
	int err;

	err = check_flood_room(r, network);
	if (err)
		return err;
	remote = xv_schema_append(r, &network->flood, network->n_flood, sizeof(*remote));
	if (!remote)
		return -ENOMEM;
	network->n_flood++;
	s->n_flood++;
	remote->line = xv_reader_line(r);
	return xv_value_host(r, "flood remote", &remote->ip);
}

static int read_flood(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	return xv_reader_list(r, key->name, read_remote, obj);
}

static int read_group(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	struct xv_config_network *network = obj;
	struct xv_schema *s = r->arg;
	int err;

	err = check_flood_room(r, network);
	if (!err)
		err = xv_value_group(r, key->name, &network->group);
	if (err)
		return err;
	network->has_group = true;
	s->n_flood++;
	return 0;
}

/* fdb: {mac, remote, sticky} or {mac, dev, vlan, sticky} */

enum { FDB_MAC, FDB_REMOTE, FDB_DEV, FDB_VLAN, FDB_STICKY, FDB_KEYS };

static const struct xv_reader_key fdb_keys[FDB_KEYS] = {
	[FDB_MAC] = {"mac", xv_value_key_mac, offsetof(struct xv_config_fdb, mac)},
	[FDB_REMOTE] = {"remote", xv_value_key_host, offsetof(struct xv_config_fdb, remote)},
	[FDB_DEV] = {"dev", xv_value_key_dev, offsetof(struct xv_config_fdb, port.dev)},
	[FDB_VLAN] = {"vlan", xv_value_key_u16, offsetof(struct xv_config_fdb, port.vlan), 0, 4094},
	[FDB_STICKY] = {"sticky", xv_value_key_bool, offsetof(struct xv_config_fdb, sticky)},
};

static int read_fdb_entry(struct xv_reader *r, void *obj)
{
	struct xv_config_network *network = obj;
	struct xv_schema *s = r->arg;
	struct xv_config_fdb *fdb;
	int lines[FDB_KEYS];
	int err;

	if (s->n_fdb >= XV_MAX_FDB)
		return xv_schema_too_many(r, XV_MAX_FDB, "fdb entries in all networks");
	fdb = xv_schema_append(r, &network->fdb, network->n_fdb, sizeof(*fdb));
	if (!fdb)
		return -ENOMEM;
	network->n_fdb++;
	s->n_fdb++;
	fdb->line = xv_reader_line(r);
	err = xv_reader_mapping(r, "fdb entry", fdb_keys, FDB_KEYS, fdb, lines);
	if (err)
		return err;
	fdb->is_port = lines[FDB_DEV];
	fdb->port.line = lines[FDB_DEV];
	if (!lines[FDB_MAC])
		return xv_schema_missing(r, fdb->line, "fdb entry", "mac",
					 "mac: \"02:00:00:00:00:0b\"");
	if (lines[FDB_DEV] && lines[FDB_REMOTE])
		return xv_source_error(&r->source, lines[FDB_DEV],
				       "fdb entry has both \"remote\" and \"dev\"; a MAC is behind "
				       "a peer or behind a port: leave one");
	if (lines[FDB_VLAN] && !lines[FDB_DEV])
		return xv_source_error(&r->source, lines[FDB_VLAN],
				       "fdb entry has \"vlan\" without \"dev\"; both name a port");
	if (!lines[FDB_DEV] && !lines[FDB_REMOTE])
		return xv_schema_missing(r, fdb->line, "fdb entry", "remote\" or \"dev",
					 "remote: 192.0.2.2");
	return 0;
}

static int read_fdb(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	return xv_reader_list(r, key->name, read_fdb_entry, obj);
}

/* networks */

static int read_vni(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	const char *text;
	int err;

	err = xv_reader_scalar(r, key->name, &text);
	if (err)
		return err;
	if (!strcmp(text, "0"))
		return xv_source_error(
			&r->source, xv_reader_line(r),
			"bad vni \"0\": VNI 0 is refused, it stands for \"no network\" "
			"in many devices; expected %u to %u",
			key->min, key->max);
	return xv_value_key_u32(r, key, obj);
}

static int read_network_name(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	struct xv_config_network *network = obj;
	int err;

	err = xv_value_name(r, key->name, ".", network->name, sizeof(network->name));
	if (!err && strspn(network->name, "0123456789") == strlen(network->name))
		err = xv_source_error(&r->source, xv_reader_line(r),
				      "bad name \"%s\": digits alone would be taken for a VNI; put "
				      "a letter in it",
				      network->name);
	return err;
}

static int read_inner_vlan(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	struct xv_config_network *network = obj;
	uint32_t index;
	int err;

	err = xv_value_word(r, key->name, xv_inner_vlan_words, &index);
	if (!err)
		network->inner_vlan = index;
	return err;
}

static int read_link_local(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	struct xv_config_network *network = obj;
	const char *text;
	int err;

	err = xv_reader_scalar(r, key->name, &text);
	if (err)
		return err;
	if (xv_link_local_parse(text, &network->link_local))
		return xv_source_error(&r->source, xv_reader_line(r), "bad %s \"%s\": %s",
				       key->name, text, XV_LINK_LOCAL_RIGHT);
	return 0;
}

enum {
	NET_VNI,
	NET_NAME,
	NET_PORTS,
	NET_LEARNING,
	NET_INNER_VLAN,
	NET_AGEING,
	NET_MAX_MACS,
	NET_LEARN_RATE,
	NET_LINK_LOCAL,
	NET_LOOP_DETECT,
	NET_FLOOD,
	NET_GROUP,
	NET_GROUP_DEV,
	NET_FDB,
	NET_KEYS,
};

#define NET(field) offsetof(struct xv_config_network, field)

static const struct xv_reader_key network_keys[NET_KEYS] = {
	[NET_VNI] = {"vni", read_vni, NET(vni), 1, XV_VNI_MAX},
	[NET_NAME] = {"name", read_network_name},
	[NET_PORTS] = {"ports", read_ports},
	[NET_LEARNING] = {"learning", xv_value_key_bool, NET(learning)},
	[NET_INNER_VLAN] = {"inner-vlan", read_inner_vlan},
	[NET_AGEING] = {"ageing", xv_value_key_u32, NET(ageing), 0, UINT32_MAX},
	[NET_MAX_MACS] = {"max-macs", xv_value_key_u32, NET(max_macs), 1, XV_MAX_FDB},
	[NET_LEARN_RATE] = {"learn-rate", xv_value_key_u32, NET(learn_rate), 0, UINT32_MAX},
	[NET_LINK_LOCAL] = {"link-local", read_link_local},
	[NET_LOOP_DETECT] = {"loop-detect", xv_value_key_bool, NET(loop_detect)},
	[NET_FLOOD] = {"flood", read_flood},
	[NET_GROUP] = {"group", read_group},
	[NET_GROUP_DEV] = {"group-dev", xv_value_key_dev, NET(group_dev)},
	[NET_FDB] = {"fdb", read_fdb},
};

/* Appends a network with default settings to the configuration and the marks. */
static struct xv_config_network *append_network(struct xv_reader *r)
{
	struct xv_schema *s = r->arg;
	struct xv_config_network *network;
	size_t n = s->config->n_networks;

	if (!xv_schema_append(r, &s->marks->networks, n, sizeof(s->marks->networks[0])))
		return NULL;
	network = xv_schema_append(r, &s->config->networks, n, sizeof(*network));
	if (!network)
		return NULL;
	s->config->n_networks++;
	network->line = xv_reader_line(r);
	network->learning = true;
	network->ageing = XV_DEFAULT_AGEING;
	network->max_macs = XV_DEFAULT_MAX_MACS;
	network->learn_rate = XV_DEFAULT_LEARN_RATE;
	network->loop_detect = true;
	network->link_local = XV_DEFAULT_LINK_LOCAL;
	return network;
}

static int read_network(struct xv_reader *r, void *obj)
{
	struct xv_schema *s = r->arg;
	struct xv_config_network *network;
	size_t n = s->config->n_networks;
	int lines[NET_KEYS];
	int err;

	(void)obj;
	if (n >= XV_MAX_NETWORKS - 1)
		return xv_schema_too_many(r, XV_MAX_NETWORKS - 1, "networks");
	network = append_network(r);
	if (!network)
		return -ENOMEM;
	err = xv_reader_mapping(r, "network", network_keys, NET_KEYS, network, lines);
	if (err)
		return err;
	if (!lines[NET_VNI])
		return xv_schema_missing(r, network->line, "network", "vni", "vni: 100");
	if (!lines[NET_NAME])
		snprintf(network->name, sizeof(network->name), "vni%u", network->vni);
	if (lines[NET_FLOOD] && lines[NET_GROUP])
		return xv_source_error(
			&r->source,
			lines[NET_FLOOD] > lines[NET_GROUP] ? lines[NET_FLOOD] : lines[NET_GROUP],
			"network %u has both \"flood\" and \"group\"; leave one", network->vni);
	if (lines[NET_GROUP_DEV] && !lines[NET_GROUP])
		return xv_source_error(&r->source, lines[NET_GROUP_DEV],
				       "network %u has \"group-dev\" without \"group\"",
				       network->vni);
	s->marks->networks[n].vni = lines[NET_VNI];
	s->marks->networks[n].name = lines[NET_NAME];
	s->marks->networks[n].group = lines[NET_GROUP];
	s->marks->networks[n].group_dev = lines[NET_GROUP_DEV];
	return 0;
}

int xv_schema_networks(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	return xv_reader_list(r, key->name, read_network, obj);
}
