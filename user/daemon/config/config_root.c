/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The keys of a configuration file (xvtep.yaml(5)) outside its networks, in tables; inner tables
 * come first.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "config/config_network.h"
#include "config/config_root.h"
#include "config/config_value.h"
#include "config/config_words.h"
#include "xv_wire.h"

/* underlay */

static int read_device(struct xv_reader *r, void *obj)
{
	struct xv_config *config = obj;
	char name[IFNAMSIZ] = "";
	char(*device)[IFNAMSIZ];
	size_t i;
	int err;

	if (config->n_devices >= XV_MAX_UPLINKS)
		return xv_schema_too_many(r, XV_MAX_UPLINKS, "underlay devices");
	err = xv_value_dev(r, "device", name);
	if (err)
		return err;
	if (!strcmp(name, "lo"))
		return xv_source_error(&r->source, xv_reader_line(r),
				       "bad device \"lo\": it is the loopback device, and outer "
				       "packets come by a NIC");
	for (i = 0; i < config->n_devices; i++)
		if (!strcmp(config->devices[i], name))
			return xv_source_error(&r->source, xv_reader_line(r),
					       "underlay device \"%s\" is listed twice; leave one",
					       name);
	device = xv_schema_append(r, &config->devices, config->n_devices, sizeof(*device));
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

/* address and address6; key->min is 4 or 6 */
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

static int read_delivery(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	struct xv_config *config = obj;
	uint32_t index;
	int err;

	err = xv_value_word(r, key->name, xv_delivery_words, &index);
	if (!err)
		config->delivery = index;
	return err;
}

static int read_df(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	struct xv_config *config = obj;
	uint32_t index;
	int err;

	err = xv_value_word(r, key->name, xv_df_words, &index);
	if (!err)
		config->df = index;
	return err;
}

/* Reads a bool that is written as one of two words. */
static int read_choice(struct xv_reader *r, const struct xv_reader_key *key,
		       const char *const words[], void *obj)
{
	uint32_t index;
	int err;

	err = xv_value_word(r, key->name, words, &index);
	if (!err)
		*(bool *)((char *)obj + key->offset) = index;
	return err;
}

static int read_ipsec(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	return read_choice(r, key, xv_ipsec_words, obj);
}

static int read_netfilter(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	return read_choice(r, key, xv_netfilter_words, obj);
}

static int read_filters(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	return read_choice(r, key, xv_filters_words, obj);
}

enum {
	UL_DEVICES,
	UL_ADDRESS,
	UL_ADDRESS6,
	UL_PORT,
	UL_XDP,
	UL_DELIVERY,
	UL_DF,
	UL_CHECKSUM,
	UL_IPSEC,
	UL_NETFILTER,
	UL_FILTERS,
	UL_KEYS,
};

#define CONFIG(field) offsetof(struct xv_config, field)

static const struct xv_reader_key underlay_keys[UL_KEYS] = {
	[UL_DEVICES] = {"devices", read_devices},
	[UL_ADDRESS] = {"address", read_address, CONFIG(address), 4},
	[UL_ADDRESS6] = {"address6", read_address, CONFIG(address6), 6},
	[UL_PORT] = {"port", xv_value_key_u16, CONFIG(udp_port), 1, UINT16_MAX},
	[UL_XDP] = {"xdp", read_xdp},
	[UL_DELIVERY] = {"delivery", read_delivery},
	[UL_DF] = {"df", read_df},
	[UL_CHECKSUM] = {"udp6-checksum", xv_value_key_bool, CONFIG(udp6_checksum)},
	[UL_IPSEC] = {"ipsec", read_ipsec, CONFIG(ipsec_bypass)},
	[UL_NETFILTER] = {"netfilter", read_netfilter, CONFIG(netfilter_respect)},
	[UL_FILTERS] = {"filters", read_filters, CONFIG(filters_ignore)},
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
	config->address_line = lines[UL_ADDRESS];
	config->address6_line = lines[UL_ADDRESS6];
	if (!config->n_devices)
		return xv_schema_missing(r, lines[UL_DEVICES] ? lines[UL_DEVICES] : line,
					 "underlay", "devices", "devices: [eth0]");
	if (!lines[UL_ADDRESS] && !lines[UL_ADDRESS6])
		return xv_schema_missing(r, line, "underlay", "address\" or \"address6",
					 "address: 192.0.2.1");
	return 0;
}

/* metrics */

static int read_listen(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	struct xv_config *config = obj;

	return xv_value_listen(r, key->name, config->listen_host, sizeof(config->listen_host),
			       &config->listen_port);
}

enum { METRICS_LISTEN, METRICS_KEYS };

static const struct xv_reader_key metrics_keys[METRICS_KEYS] = {
	[METRICS_LISTEN] = {"listen", read_listen},
};

static int read_metrics(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	struct xv_config *config = obj;
	int lines[METRICS_KEYS];
	int line = xv_reader_line(r);
	int err;

	err = xv_reader_mapping(r, key->name, metrics_keys, METRICS_KEYS, obj, lines);
	if (err)
		return err;
	if (!lines[METRICS_LISTEN])
		return xv_schema_missing(r, line, "metrics", "listen",
					 "listen: \"127.0.0.1:9476\"");
	config->metrics = true;
	return 0;
}

/*
 * The instance names a directory in the BPF file system, which refuses "." in names
 * (kernel/bpf/inode.c, bpf_lookup()).
 */
static int read_instance(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	struct xv_config *config = obj;

	return xv_value_name(r, key->name, "", config->instance, sizeof(config->instance));
}

static int read_end_marker(struct xv_reader *r, const struct xv_reader_key *key, void *obj)
{
	struct xv_schema *s = r->arg;

	(void)obj;
	return xv_value_bool(r, key->name, &s->end_marker);
}

enum { ROOT_UNDERLAY, ROOT_INSTANCE, ROOT_NETWORKS, ROOT_METRICS, ROOT_END, ROOT_KEYS };

static const struct xv_reader_key root_keys[ROOT_KEYS] = {
	[ROOT_UNDERLAY] = {"underlay", read_underlay},
	[ROOT_INSTANCE] = {"instance", read_instance},
	[ROOT_NETWORKS] = {"networks", xv_schema_networks},
	[ROOT_METRICS] = {"metrics", read_metrics},
	[ROOT_END] = {"end-marker", read_end_marker},
};

/*
 * end-marker must be the first key: behind others, it could be cut off together with the line "..."
 * that it requires.
 */
static int check_end(const struct xv_reader *r, const struct xv_schema *s,
		     const int lines[ROOT_KEYS])
{
	int i;

	for (i = 0; s->end_marker && i < ROOT_KEYS; i++)
		if (lines[i] && lines[i] < lines[ROOT_END])
			return xv_source_error(&r->source, lines[ROOT_END],
					       "\"end-marker\" must be the first key, or it may be "
					       "cut off itself");
	if (s->end_marker && !r->end_marked)
		return xv_source_error(&r->source, lines[ROOT_END],
				       "\"end-marker: true\" says that the file ends with a line "
				       "\"...\", and it does not: it may have been cut off");
	return 0;
}

int xv_config_root_read(struct xv_reader *r, struct xv_config *config,
			struct xv_config_marks *marks)
{
	struct xv_schema s = {.config = config, .marks = marks};
	int line = xv_reader_line(r);
	int lines[ROOT_KEYS];
	int err;

	strcpy(config->instance, "default");
	config->udp_port = XV_VXLAN_PORT;
	r->arg = &s;
	if (r->event.type == YAML_STREAM_END_EVENT)
		return xv_source_error(&r->source, 1,
				       "the file is empty; it needs at least \"underlay\" with "
				       "\"devices\" and \"address\"");
	err = xv_reader_mapping(r, "the configuration", root_keys, ROOT_KEYS, config, lines);
	if (err)
		return err;
	if (!lines[ROOT_UNDERLAY])
		return xv_source_error(&r->source, line,
				       "\"underlay\" is missing; for example: underlay: "
				       "{devices: [eth0], address: 192.0.2.1}");
	err = xv_reader_finish(r);
	if (err)
		return err;
	if (!lines[ROOT_NETWORKS])
		return xv_source_error(&r->source, line,
				       "\"networks\" is missing; write \"networks: []\" for none");
	return check_end(r, &s, lines);
}
