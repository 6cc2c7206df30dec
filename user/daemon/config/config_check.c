/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Checks across a whole configuration: duplicates, contradictions, and limits that all networks
 * share. Every check is one pass or a sort, because a file may have a million FDB entries.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "addr.h"
#include "config/config_check.h"
#include "config/config_words.h"
#include "keyset.h"

/* A port's key is its name, padded with NULs, followed by the VLAN. */
enum {
	PORT_KEY_LEN = offsetof(struct xv_config_port, vlan) + sizeof(uint16_t),
};
_Static_assert(PORT_KEY_LEN == IFNAMSIZ + sizeof(uint16_t), "no padding in a port's key");

struct check {
	const struct xv_config *config;
	const struct xv_config_marks *marks;
	const struct xv_source *source;
	struct xv_key *keys; /* scratch space for the largest set */
};

static int check_networks(const struct check *c)
{
	const struct xv_config_network *networks = c->config->networks;
	size_t i, n = c->config->n_networks;
	uint32_t first, again;

	for (i = 0; i < n; i++)
		xv_keyset_set(&c->keys[i], &networks[i].vni, sizeof(networks[i].vni), i);
	xv_keyset_sort(c->keys, n);
	if (xv_keyset_twin(c->keys, n, &first, &again))
		return xv_source_error(
			c->source, c->marks->networks[again].vni,
			"vni \"%u\" is twice, first on line %d; a VNI is one network",
			networks[again].vni, c->marks->networks[first].vni);

	for (i = 0; i < n; i++)
		xv_keyset_set(&c->keys[i], networks[i].name, strlen(networks[i].name), i);
	xv_keyset_sort(c->keys, n);
	if (!xv_keyset_twin(c->keys, n, &first, &again))
		return 0;
	if (!c->marks->networks[again].name) { /* the second name is a default */
		i = first;
		first = again;
		again = i;
	}
	if (!c->marks->networks[first].name)
		return xv_source_error(c->source, c->marks->networks[again].name,
				       "name \"%s\" is the default name of the network on line %d; "
				       "take another",
				       networks[again].name, networks[first].line);
	return xv_source_error(c->source, c->marks->networks[again].name,
			       "name \"%s\" is twice, first on line %d; give each network its own",
			       networks[again].name, c->marks->networks[first].name);
}

/* Returns the text " vlan 10", or "". */
static const char *vlan_text(const struct xv_config_port *port, char buf[16])
{
	buf[0] = '\0';
	if (port->vlan)
		snprintf(buf, 16, " vlan %u", port->vlan);
	return buf;
}

static int check_uplinks(const struct check *c, const struct xv_config_port *port)
{
	size_t i;

	if (!strcmp(port->dev, "lo"))
		return xv_source_error(c->source, port->line,
				       "port \"lo\" is the loopback device; the host's own "
				       "traffic to itself would go to the tenants");
	for (i = 0; i < c->config->n_devices; i++)
		if (!strcmp(port->dev, c->config->devices[i]))
			return xv_source_error(c->source, port->line,
					       "port \"%s\" is an underlay device; outer packets "
					       "and a tenant's cannot share it",
					       port->dev);
	return 0;
}

struct port_ref {
	const struct xv_config_port *port;
	const struct xv_config_network *network;
};

static int port_twice(const struct check *c, const struct port_ref *first,
		      const struct port_ref *again)
{
	char vlan[16];

	vlan_text(again->port, vlan);
	if (first->network == again->network)
		return xv_source_error(c->source, again->port->line,
				       "port \"%s\"%s is twice in network %u, first on line %d; "
				       "leave one",
				       again->port->dev, vlan, again->network->vni,
				       first->port->line);
	return xv_source_error(c->source, again->port->line,
			       "port \"%s\"%s of network %u is already in network %u on line %d; a "
			       "port belongs to one network",
			       again->port->dev, vlan, again->network->vni, first->network->vni,
			       first->port->line);
}

/* Checks the ports of all networks. Their number was limited while reading. */
static int check_ports(const struct check *c)
{
	const struct xv_config_network *network;
	size_t i, j, n = 0;
	struct port_ref *refs;
	uint32_t first, again;
	int err = 0;

	refs = calloc(XV_MAX_PORTS, sizeof(*refs));
	if (!refs)
		return xv_err_set(c->source->err, -ENOMEM, "%s: out of memory", c->source->file);
	for (i = 0; i < c->config->n_networks; i++) {
		network = &c->config->networks[i];
		for (j = 0; j < network->n_ports; j++, n++) {
			err = check_uplinks(c, &network->ports[j]);
			if (err)
				goto out;
			refs[n].port = &network->ports[j];
			refs[n].network = network;
			xv_keyset_set(&c->keys[n], network->ports[j].dev, PORT_KEY_LEN, n);
		}
	}
	xv_keyset_sort(c->keys, n);
	if (xv_keyset_twin(c->keys, n, &first, &again))
		err = port_twice(c, &refs[first], &refs[again]);
out:
	free(refs);
	return err;
}

/* Checks that a peer or group can be reached from here, and is not this host. */
static int check_remote(const struct check *c, const char *what, const struct xv_ip *ip, int line)
{
	bool v4 = xv_ip_is_v4(ip);
	const struct xv_ip *own = v4 ? &c->config->address : &c->config->address6;
	char text[XV_IP_STRLEN];

	if (xv_ip_is_zero(own))
		return xv_source_error(c->source, line,
				       "%s \"%s\" is %s, but underlay has no \"%s\" to send from",
				       what, xv_ip_format(ip, text), v4 ? "IPv4" : "IPv6",
				       v4 ? "address" : "address6");
	if (xv_ip_equal(ip, own))
		return xv_source_error(
			c->source, line,
			"%s \"%s\" is this host's own address (underlay); leave it out", what,
			xv_ip_format(ip, text));
	return 0;
}

static int check_flood(const struct check *c, const struct xv_config_network *network)
{
	char text[XV_IP_STRLEN];
	uint32_t first, again;
	size_t i;
	int err;

	for (i = 0; i < network->n_flood; i++) {
		err = check_remote(c, "flood remote", &network->flood[i].ip,
				   network->flood[i].line);
		if (err)
			return err;
		xv_keyset_set(&c->keys[i], network->flood[i].ip.b, sizeof(network->flood[i].ip), i);
	}
	xv_keyset_sort(c->keys, network->n_flood);
	if (xv_keyset_twin(c->keys, network->n_flood, &first, &again))
		return xv_source_error(c->source, network->flood[again].line,
				       "flood remote \"%s\" is twice in network %u, first on line "
				       "%d; leave one",
				       xv_ip_format(&network->flood[again].ip, text), network->vni,
				       network->flood[first].line);
	return 0;
}

/* Checks the destinations of static entries: each is a port of the network, or a peer. */
static int check_fdb_dst(const struct check *c, const struct xv_config_network *network)
{
	const struct xv_config_fdb *fdb;
	char vlan[16];
	size_t i;
	int err;

	for (i = 0; i < network->n_ports; i++)
		xv_keyset_set(&c->keys[i], network->ports[i].dev, PORT_KEY_LEN, i);
	xv_keyset_sort(c->keys, network->n_ports);
	for (i = 0; i < network->n_fdb; i++) {
		fdb = &network->fdb[i];
		if (!fdb->is_port) {
			err = check_remote(c, "fdb remote", &fdb->remote, fdb->line);
			if (err)
				return err;
		} else if (xv_keyset_find(c->keys, network->n_ports, fdb->port.dev, PORT_KEY_LEN) ==
			   XV_KEYSET_NONE) {
			return xv_source_error(c->source, fdb->line,
					       "fdb dev \"%s\"%s is not a port of network %u; add "
					       "it to its \"ports\"",
					       fdb->port.dev, vlan_text(&fdb->port, vlan),
					       network->vni);
		}
	}
	return 0;
}

static int check_fdb(const struct check *c, const struct xv_config_network *network)
{
	char text[XV_MAC_STRLEN];
	uint32_t first, again;
	size_t i;
	int err;

	err = check_fdb_dst(c, network);
	if (err)
		return err;
	for (i = 0; i < network->n_fdb; i++)
		xv_keyset_set(&c->keys[i], network->fdb[i].mac, sizeof(network->fdb[i].mac), i);
	xv_keyset_sort(c->keys, network->n_fdb);
	if (xv_keyset_twin(c->keys, network->n_fdb, &first, &again))
		return xv_source_error(c->source, network->fdb[again].line,
				       "fdb mac \"%s\" is twice in network %u, first on line %d; "
				       "leave one",
				       xv_mac_format(network->fdb[again].mac, text), network->vni,
				       network->fdb[first].line);
	return 0;
}

/* the peers of all networks together */

struct peer {
	struct xv_ip ip;
	UT_hash_handle hh;
};

struct peers {
	struct peer *list;  /* [XV_MAX_PEERS] */
	struct peer *by_ip; /* uthash */
	size_t n;
};

static int count_peer(const struct check *c, struct peers *peers, const struct xv_ip *ip, int line)
{
	char text[XV_IP_STRLEN];
	struct peer *peer;

	HASH_FIND(hh, peers->by_ip, ip, sizeof(*ip), peer);
	if (peer)
		return 0;
	if (peers->n == XV_MAX_PEERS - 1)
		return xv_source_error(c->source, line,
				       "remote \"%s\" is one too many: at most %d different peers",
				       xv_ip_format(ip, text), XV_MAX_PEERS - 1);
	peer = &peers->list[peers->n++];
	peer->ip = *ip;
	HASH_ADD(hh, peers->by_ip, ip, sizeof(peer->ip), peer);
	return 0;
}

static int check_peers(const struct check *c)
{
	const struct xv_config_network *network;
	struct peers peers = {};
	size_t i, n;
	int err = 0;

	peers.list = calloc(XV_MAX_PEERS, sizeof(*peers.list));
	if (!peers.list)
		return xv_err_set(c->source->err, -ENOMEM, "%s: out of memory", c->source->file);
	for (n = 0; n < c->config->n_networks && !err; n++) {
		network = &c->config->networks[n];
		for (i = 0; i < network->n_flood && !err; i++)
			err = count_peer(c, &peers, &network->flood[i].ip, network->flood[i].line);
		for (i = 0; i < network->n_fdb && !err; i++)
			if (!network->fdb[i].is_port)
				err = count_peer(c, &peers, &network->fdb[i].remote,
						 network->fdb[i].line);
	}
	HASH_CLEAR(hh, peers.by_ip);
	free(peers.list);
	return err;
}

/* A group leaves by an underlay device: another device may be a tenant's. */
static int check_group_dev(const struct check *c, const struct xv_config_network *network, int line)
{
	size_t i;

	for (i = 0; i < c->config->n_devices; i++)
		if (!strcmp(network->group_dev, c->config->devices[i]))
			return 0;
	return xv_source_error(
		c->source, line,
		"group-dev \"%s\" is not in underlay.devices; add it there, or leave "
		"it out",
		network->group_dev);
}

static int check_members(const struct check *c)
{
	const struct xv_config_network *network;
	size_t i;
	int err;

	for (i = 0; i < c->config->n_networks; i++) {
		network = &c->config->networks[i];
		err = check_flood(c, network);
		if (!err && network->has_group)
			err = check_remote(c, "group", &network->group,
					   c->marks->networks[i].group);
		if (!err && network->group_dev[0])
			err = check_group_dev(c, network, c->marks->networks[i].group_dev);
		if (!err)
			err = check_fdb(c, network);
		if (err)
			return err;
	}
	return 0;
}

int xv_config_check(const struct xv_config *config, const struct xv_config_marks *marks,
		    const struct xv_source *source)
{
	struct check c = {.config = config, .marks = marks, .source = source};
	size_t i, room = config->n_networks + XV_MAX_PORTS;
	int err;

	for (i = 0; i < config->n_networks; i++)
		if (config->networks[i].n_fdb > room)
			room = config->networks[i].n_fdb;
	c.keys = calloc(room, sizeof(*c.keys));
	if (!c.keys)
		return xv_err_set(source->err, -ENOMEM, "%s: out of memory", source->file);
	err = check_networks(&c);
	if (!err)
		err = check_ports(&c);
	if (!err)
		err = check_members(&c);
	if (!err)
		err = check_peers(&c);
	free(c.keys);
	return err;
}
