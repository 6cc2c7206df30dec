/* SPDX-License-Identifier: GPL-2.0-only */
/* The keys of a configuration file (xvtep.yaml(5)), as tables from the leaves to the root. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "config_schema.h"
#include "config_value.h"
#include "xv_wire.h"

#define N_KEYS(keys) (sizeof(keys) / sizeof((keys)[0]))

/* What is being read into (r->arg). */
struct schema {
	struct xv_config *config;
	struct xv_config_marks *marks;
	size_t n_ports, n_flood, n_fdb; /* of all networks so far */
};

const char *const xv_inner_vlan_words[] = {"drop", "keep", NULL};
const char *const xv_xdp_mode_words[] = {
	[XV_XDP_AUTO] = "auto",
	[XV_XDP_NATIVE] = "native",
	[XV_XDP_GENERIC] = "generic",
	[XV_XDP_OFF] = "off",
	NULL,
};

/*
 * Makes room for one more element behind n, zeroes it and returns it; NULL, with the error set, if
 * there is no memory. Capacity is n rounded up to a power of two, so that it need not be stored.
 */
static void *append(struct xv_reader *r, void *array, size_t n, size_t size)
{
	void **base = array;
	char *bigger;

	if (!(n & (n - 1))) {
		bigger = reallocarray(*base, n ? 2 * n : 1, size);
		if (!bigger) {
			xv_err_set(r->source.err, -ENOMEM, "%s: out of memory", r->source.file);
			return NULL;
		}
		*base = bigger;
	}
	return memset((char *)*base + n * size, 0, size);
}

static int missing(struct xv_reader *r, int line, const char *what, const char *key,
		   const char *example)
{
	return xv_source_error(&r->source, line, "%s has no \"%s\"; write for example: %s: %s",
			       what, key, key, example);
}

static int too_many(struct xv_reader *r, unsigned int limit, const char *what)
{
	return xv_source_error(&r->source, xv_reader_line(r), "more than %u %s", limit, what);
}

/* ports: eth1, or {dev: eth1, vlan: 10} */

enum { PORT_DEV, PORT_VLAN, PORT_KEYS };

static const struct xv_reader_key port_keys[PORT_KEYS] = {
	[PORT_DEV] = {"dev", xv_value_key_dev, offsetof(struct xv_config_port, dev)},
	[PORT_VLAN] = {"vlan", xv_value_key_u16, offsetof(struct xv_config_port, vlan), 1, 4094},
};

/* Room in the network's flood list, where ports, remotes and the group are. */
static int check_flood_room(struct xv_reader *r, const struct xv_config_network *network)
{
	struct schema *s = r->arg;

	if (network->n_ports + network->n_flood + network->has_group >= XV_MAX_FLOOD_LIST)
		return too_many(r, XV_MAX_FLOOD_LIST,
				"ports and flood list entries in one network");
	if (s->n_ports + s->n_flood >= XV_MAX_FLOOD)
		return too_many(r, XV_MAX_FLOOD, "ports and flood list entries in all networks");
	return 0;
}

static int read_port(struct xv_reader *r, void *obj)
{
	struct xv_config_network *network = obj;
	struct schema *s = r->arg;
	struct xv_config_port *port;
	int lines[PORT_KEYS];
	int err;

	if (s->n_ports >= XV_MAX_PORTS - 1)
		return too_many(r, XV_MAX_PORTS - 1, "ports in all networks");
	err = check_flood_room(r, network);
	if (err)
		return err;
	port = append(r, &network->ports, network->n_ports, sizeof(*port));
	if (!port)
		return -ENOMEM;
	network->n_ports++;
	s->n_ports++;
	port->line = xv_reader_line(r);
	if (r->event.type != YAML_MAPPING_START_EVENT)
		return xv_value_dev(r, "ports", port->dev);
	err = xv_reader_mapping(r, "port", port_keys, PORT_KEYS, port, lines);
	if (!err && !lines[PORT_DEV])
		err = missing(r, port->line, "port", "dev", "eth1");
	return err;
}

static int read_ports(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	return xv_reader_list(r, key->name, read_port, obj);
}

/* flood: addresses of remote VTEPs; group: one multicast address */

static int read_remote(struct xv_reader *r, void *obj)
{
	struct xv_config_network *network = obj;
	struct schema *s = r->arg;
	struct xv_config_remote *remote;
	int err;

	err = check_flood_room(r, network);
	if (err)
		return err;
	remote = append(r, &network->flood, network->n_flood, sizeof(*remote));
	if (!remote)
		return -ENOMEM;
	network->n_flood++;
	s->n_flood++;
	remote->line = xv_reader_line(r);
	return xv_value_host(r, "flood", &remote->ip);
}

static int read_flood(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	return xv_reader_list(r, key->name, read_remote, obj);
}

static int read_group(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	struct xv_config_network *network = obj;
	struct schema *s = r->arg;
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

/* fdb: {mac, remote} or {mac, dev, vlan} */

enum { FDB_MAC, FDB_REMOTE, FDB_DEV, FDB_VLAN, FDB_KEYS };

static const struct xv_reader_key fdb_keys[FDB_KEYS] = {
	[FDB_MAC] = {"mac", xv_value_key_mac, offsetof(struct xv_config_fdb, mac)},
	[FDB_REMOTE] = {"remote", xv_value_key_host, offsetof(struct xv_config_fdb, remote)},
	[FDB_DEV] = {"dev", xv_value_key_dev, offsetof(struct xv_config_fdb, port.dev)},
	[FDB_VLAN] = {"vlan", xv_value_key_u16, offsetof(struct xv_config_fdb, port.vlan), 1, 4094},
};

static int read_fdb_entry(struct xv_reader *r, void *obj)
{
	struct xv_config_network *network = obj;
	struct schema *s = r->arg;
	struct xv_config_fdb *fdb;
	int lines[FDB_KEYS];
	int err;

	if (s->n_fdb >= XV_MAX_FDB)
		return too_many(r, XV_MAX_FDB, "fdb entries in all networks");
	fdb = append(r, &network->fdb, network->n_fdb, sizeof(*fdb));
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
		return missing(r, fdb->line, "fdb entry", "mac", "\"02:00:00:00:00:0b\"");
	if (lines[FDB_DEV] && lines[FDB_REMOTE])
		return xv_source_error(&r->source, lines[FDB_DEV],
				       "fdb entry has both \"remote\" and \"dev\"; a MAC is behind "
				       "a peer or behind a port: leave one");
	if (lines[FDB_VLAN] && !lines[FDB_DEV])
		return xv_source_error(&r->source, lines[FDB_VLAN],
				       "fdb entry has \"vlan\" without \"dev\"; both name a port");
	if (!lines[FDB_DEV] && !lines[FDB_REMOTE])
		return missing(r, fdb->line, "fdb entry", "remote\" or \"dev", "192.0.2.2");
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
		return xv_source_error(&r->source, xv_reader_line(r),
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

enum {
	NET_VNI,
	NET_NAME,
	NET_PORTS,
	NET_LEARNING,
	NET_INNER_VLAN,
	NET_AGEING,
	NET_MAX_MACS,
	NET_LEARN_RATE,
	NET_FLOOD,
	NET_GROUP,
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
	[NET_FLOOD] = {"flood", read_flood},
	[NET_GROUP] = {"group", read_group},
	[NET_FDB] = {"fdb", read_fdb},
};

/* Appends a network with defaults to the configuration and to the marks. */
static struct xv_config_network *append_network(struct xv_reader *r)
{
	struct schema *s = r->arg;
	struct xv_config_network *network;
	size_t n = s->config->n_networks;

	if (!append(r, &s->marks->networks, n, sizeof(s->marks->networks[0])))
		return NULL;
	network = append(r, &s->config->networks, n, sizeof(*network));
	if (!network)
		return NULL;
	s->config->n_networks++;
	network->line = xv_reader_line(r);
	network->learning = true;
	network->ageing = XV_DEFAULT_AGEING;
	network->max_macs = XV_DEFAULT_MAX_MACS;
	network->learn_rate = XV_DEFAULT_LEARN_RATE;
	return network;
}

static int read_network(struct xv_reader *r, void *obj)
{
	struct schema *s = r->arg;
	struct xv_config_network *network;
	size_t n = s->config->n_networks;
	int lines[NET_KEYS];
	int err;

	(void)obj;
	if (n >= XV_MAX_NETWORKS - 1)
		return too_many(r, XV_MAX_NETWORKS - 1, "networks");
	network = append_network(r);
	if (!network)
		return -ENOMEM;
	err = xv_reader_mapping(r, "network", network_keys, NET_KEYS, network, lines);
	if (err)
		return err;
	if (!lines[NET_VNI])
		return missing(r, network->line, "network", "vni", "100");
	if (!lines[NET_NAME])
		snprintf(network->name, sizeof(network->name), "vni%u", network->vni);
	if (lines[NET_FLOOD] && lines[NET_GROUP])
		return xv_source_error(&r->source,
				       lines[NET_FLOOD] > lines[NET_GROUP] ? lines[NET_FLOOD] :
									     lines[NET_GROUP],
				       "network %u has both \"flood\" and \"group\"; leave one",
				       network->vni);
	s->marks->networks[n].vni = lines[NET_VNI];
	s->marks->networks[n].name = lines[NET_NAME];
	s->marks->networks[n].group = lines[NET_GROUP];
	return 0;
}

static int read_networks(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	return xv_reader_list(r, key->name, read_network, obj);
}

/* underlay */

static int read_device(struct xv_reader *r, void *obj)
{
	struct xv_config *config = obj;
	char name[IFNAMSIZ] = "";
	char (*device)[IFNAMSIZ];
	size_t i;
	int err;

	if (config->n_devices >= XV_MAX_UPLINKS)
		return too_many(r, XV_MAX_UPLINKS, "underlay devices");
	err = xv_value_dev(r, "devices", name);
	if (err)
		return err;
	for (i = 0; i < config->n_devices; i++)
		if (!strcmp(config->devices[i], name))
			return xv_source_error(&r->source, xv_reader_line(r),
					       "underlay device \"%s\" is listed twice; leave one",
					       name);
	device = append(r, &config->devices, config->n_devices, sizeof(*device));
	if (!device)
		return -ENOMEM;
	config->n_devices++;
	memcpy(*device, name, sizeof(name));
	return 0;
}

static int read_devices(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	return xv_reader_list(r, key->name, read_device, obj);
}

/* address and address6: min is 4 or 6 */
static int read_address(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	char text[XV_IP_STRLEN];
	struct xv_ip ip;
	int err;

	err = xv_value_host(r, key->name, &ip);
	if (err)
		return err;
	if (xv_ip_is_v4(&ip) != (key->min == 4))
		return xv_source_error(&r->source, xv_reader_line(r),
				       "bad %s \"%s\": it is an %s address, that goes under \"%s\"",
				       key->name, xv_ip_format(&ip, text),
				       key->min == 4 ? "IPv6" : "IPv4",
				       key->min == 4 ? "address6" : "address");
	memcpy((char *)obj + key->offset, &ip, sizeof(ip));
	return 0;
}

static int read_xdp(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	struct xv_config *config = obj;
	uint32_t index;
	int err;

	err = xv_value_word(r, key->name, xv_xdp_mode_words, &index);
	if (!err)
		config->xdp = index;
	return err;
}

enum {
	UL_DEVICES,
	UL_ADDRESS,
	UL_ADDRESS6,
	UL_PORT,
	UL_XDP,
	UL_CHECKSUM,
	UL_KEYS,
};

#define CONFIG(field) offsetof(struct xv_config, field)

static const struct xv_reader_key underlay_keys[UL_KEYS] = {
	[UL_DEVICES] = {"devices", read_devices},
	[UL_ADDRESS] = {"address", read_address, CONFIG(address), 4},
	[UL_ADDRESS6] = {"address6", read_address, CONFIG(address6), 6},
	[UL_PORT] = {"port", xv_value_key_u16, CONFIG(udp_port), 1, UINT16_MAX},
	[UL_XDP] = {"xdp", read_xdp},
	[UL_CHECKSUM] = {"udp6-checksum", xv_value_key_bool, CONFIG(udp6_checksum)},
};

static int read_underlay(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	struct xv_config *config = obj;
	int line = xv_reader_line(r);
	int lines[UL_KEYS];
	int err;

	err = xv_reader_mapping(r, key->name, underlay_keys, UL_KEYS, obj, lines);
	if (err)
		return err;
	if (!config->n_devices)
		return missing(r, lines[UL_DEVICES] ? lines[UL_DEVICES] : line, "underlay",
			       "devices", "[eth0]");
	if (!lines[UL_ADDRESS] && !lines[UL_ADDRESS6])
		return missing(r, line, "underlay", "address\" or \"address6", "192.0.2.1");
	return 0;
}

/* metrics */

static int read_listen(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	struct xv_config *config = obj;

	return xv_value_listen(r, key->name, config->listen_host, sizeof(config->listen_host),
			       &config->listen_port);
}

static const struct xv_reader_key metrics_keys[] = {{"listen", read_listen}};

static int read_metrics(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	struct xv_config *config = obj;
	int lines[N_KEYS(metrics_keys)];
	int line = xv_reader_line(r);
	int err;

	err = xv_reader_mapping(r, key->name, metrics_keys, N_KEYS(metrics_keys), obj, lines);
	if (err)
		return err;
	if (!lines[0])
		return missing(r, line, "metrics", "listen", "\"127.0.0.1:9476\"");
	config->metrics = true;
	return 0;
}

/*
 * The instance names a directory in the BPF file system, which refuses "." in names (kernel/bpf/inode.c,
 * bpf_lookup()).
 */
static int read_instance(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	struct xv_config *config = obj;

	return xv_value_name(r, key->name, "", config->instance, sizeof(config->instance));
}

enum { ROOT_UNDERLAY, ROOT_INSTANCE, ROOT_NETWORKS, ROOT_METRICS, ROOT_KEYS };

static const struct xv_reader_key root_keys[ROOT_KEYS] = {
	[ROOT_UNDERLAY] = {"underlay", read_underlay},
	[ROOT_INSTANCE] = {"instance", read_instance},
	[ROOT_NETWORKS] = {"networks", read_networks},
	[ROOT_METRICS] = {"metrics", read_metrics},
};

int xv_config_schema_read(struct xv_reader *r, struct xv_config *config,
			  struct xv_config_marks *marks)
{
	struct schema s = {.config = config, .marks = marks};
	int line = xv_reader_line(r);
	int lines[ROOT_KEYS];
	int err;

	strcpy(config->instance, "default");
	config->udp_port = XV_VXLAN_PORT;
	r->arg = &s;
	if (r->event.type == YAML_STREAM_END_EVENT)
		return xv_source_error(&r->source, line,
				       "the file is empty; it needs at least \"underlay\" with "
				       "\"devices\" and \"address\"");
	err = xv_reader_mapping(r, "the configuration", root_keys, ROOT_KEYS, config, lines);
	if (err)
		return err;
	if (!lines[ROOT_UNDERLAY])
		return xv_source_error(&r->source, line,
				       "\"underlay\" is missing; write for example: underlay: "
				       "{devices: [eth0], address: 192.0.2.1}");
	return xv_reader_finish(r);
}
