/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Prints a configuration as YAML: every key with its value, defaults included, and lists with one
 * item a line, so that diff can compare two configurations.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "addr.h"
#include "config/config_print.h"
#include "config/config_words.h"
#include "link_local.h"

/* Whether every YAML reader takes the unquoted word for text, not for a number or boolean. */
static bool is_plain(const char *word)
{
	static const char *const special[] = {"null", "true", "false", "yes", "no",
					      "on",   "off",  "y",     "n"};
	size_t i;

	if (!isalpha((unsigned char)word[0]))
		return false;
	for (i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if (!strcasecmp(word, special[i]))
			return false;
	for (; *word; word++)
		if (!isalnum((unsigned char)*word) && !strchr("._-", *word))
			return false;
	return true;
}

static void print_word(FILE *out, const char *word)
{
	if (is_plain(word)) {
		fputs(word, out);
		return;
	}
	putc('"', out);
	for (; *word; word++) {
		if (*word == '"' || *word == '\\')
			putc('\\', out);
		putc(*word, out);
	}
	putc('"', out);
}

/* Puts IPv6 addresses in quotes, because their colons have a meaning in some places of YAML. */
static void print_ip(FILE *out, const struct xv_ip *ip)
{
	const char *quote = xv_ip_is_v4(ip) ? "" : "\"";
	char text[XV_IP_STRLEN];

	fprintf(out, "%s%s%s", quote, xv_ip_format(ip, text), quote);
}

static void print_bool(FILE *out, const char *key, bool value)
{
	fprintf(out, "%s: %s\n", key, value ? "true" : "false");
}

/*
 * The underlay is printed last, because its last line is always there: a file that was cut off is
 * noticed.
 */
static void print_underlay(const struct xv_config *config, FILE *out)
{
	size_t i;

	fputs("underlay:\n", out);
	if (!xv_ip_is_zero(&config->address)) {
		fputs("  address: ", out);
		print_ip(out, &config->address);
		putc('\n', out);
	}
	if (!xv_ip_is_zero(&config->address6)) {
		fputs("  address6: ", out);
		print_ip(out, &config->address6);
		putc('\n', out);
	}
	fprintf(out, "  port: %u\n", config->udp_port);
	fprintf(out, "  xdp: %s\n", xv_xdp_mode_name(config->xdp));
	fprintf(out, "  delivery: %s\n", xv_delivery_name(config->delivery));
	fprintf(out, "  df: %s\n", xv_df_name(config->df));
	print_bool(out, "  udp6-checksum", config->udp6_checksum);
	fprintf(out, "  ipsec: %s\n", xv_ipsec_words[config->ipsec_bypass]);
	fprintf(out, "  netfilter: %s\n", xv_netfilter_words[config->netfilter_respect]);
	fprintf(out, "  filters: %s\n", xv_filters_words[config->filters_ignore]);
	fputs("  devices: [", out);
	for (i = 0; i < config->n_devices; i++) {
		fputs(i ? ", " : "", out);
		print_word(out, config->devices[i]);
	}
	fputs("]\n", out);
}

/* "dev: eth1, vlan: 10" */
static void print_port(FILE *out, const struct xv_config_port *port)
{
	fputs("dev: ", out);
	print_word(out, port->dev);
	if (port->vlan)
		fprintf(out, ", vlan: %u", port->vlan);
}

static void print_ports(const struct xv_config_network *network, FILE *out)
{
	const struct xv_config_port *port;
	size_t i;

	if (network->n_ports)
		fputs("    ports:\n", out);
	for (i = 0; i < network->n_ports; i++) {
		port = &network->ports[i];
		fputs("      - {", out);
		print_port(out, port);
		fprintf(out, ", xdp: %s, filters: %s", xv_port_xdp_name(port->xdp),
			xv_port_filters_name(port->filters));
		if (port->max_macs)
			fprintf(out, ", max-macs: %u", port->max_macs);
		fputs("}\n", out);
	}
}

static void print_flood(const struct xv_config_network *network, FILE *out)
{
	size_t i;

	if (network->has_group) {
		fputs("    group: ", out);
		print_ip(out, &network->group);
		putc('\n', out);
		if (network->group_dev[0])
			fprintf(out, "    group-dev: %s\n", network->group_dev);
	}
	if (network->n_flood)
		fputs("    flood:\n", out);
	for (i = 0; i < network->n_flood; i++) {
		fputs("      - ", out);
		print_ip(out, &network->flood[i].ip);
		putc('\n', out);
	}
}

static void print_fdb(const struct xv_config_network *network, FILE *out)
{
	const struct xv_config_fdb *fdb;
	char text[XV_MAC_STRLEN];
	size_t i;

	if (network->n_fdb)
		fputs("    fdb:\n", out);
	for (i = 0; i < network->n_fdb; i++) {
		fdb = &network->fdb[i];
		fprintf(out, "      - {mac: \"%s\", ", xv_mac_format(fdb->mac, text));
		if (fdb->is_port) {
			print_port(out, &fdb->port);
		} else {
			fputs("remote: ", out);
			print_ip(out, &fdb->remote);
		}
		fputs(fdb->sticky ? ", sticky: true}\n" : "}\n", out);
	}
}

static void print_network(const struct xv_config_network *network, FILE *out)
{
	char text[XV_LINK_LOCAL_STRLEN];

	fprintf(out, "  - vni: %u\n    name: ", network->vni);
	print_word(out, network->name);
	putc('\n', out);
	print_bool(out, "    learning", network->learning);
	fprintf(out, "    inner-vlan: %s\n", xv_inner_vlan_words[network->inner_vlan]);
	fprintf(out, "    ageing: %u\n", network->ageing);
	fprintf(out, "    max-macs: %u\n", network->max_macs);
	fprintf(out, "    learn-rate: %u\n", network->learn_rate);
	print_bool(out, "    loop-detect", network->loop_detect);
	fprintf(out, "    link-local: %s\n", xv_link_local_format(network->link_local, text));
	print_ports(network, out);
	print_flood(network, out);
	print_fdb(network, out);
}

void xv_config_print(const struct xv_config *config, FILE *out)
{
	const char *bracket = strchr(config->listen_host, ':') ? "[" : "";
	size_t i;

	fputs("instance: ", out);
	print_word(out, config->instance);
	putc('\n', out);
	fputs(config->n_networks ? "networks:\n" : "networks: []\n", out);
	for (i = 0; i < config->n_networks; i++)
		print_network(&config->networks[i], out);
	if (config->metrics)
		fprintf(out, "metrics:\n  listen: \"%s%s%s:%u\"\n", bracket, config->listen_host,
			*bracket ? "]" : "", config->listen_port);
	print_underlay(config, out);
}
