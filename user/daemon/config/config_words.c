/* SPDX-License-Identifier: GPL-2.0-only */
/* The words of settings: see config_words.h. */
#include <string.h>

#include "config/config_words.h"

const char *const xv_inner_vlan_words[] = {"drop", "keep", NULL};
const char *const xv_xdp_mode_words[] = {
	[XV_XDP_AUTO] = "auto",
	[XV_XDP_NATIVE] = "native",
	[XV_XDP_GENERIC] = "generic",
	[XV_XDP_OFF] = "off",
	NULL,
};

const char *const xv_port_xdp_words[] = {
	[XV_PORT_XDP_AUTO] = "auto",
	[XV_PORT_XDP_NATIVE] = "native",
	[XV_PORT_XDP_OFF] = "off",
	NULL,
};

const char *const xv_delivery_words[] = {
	[XV_DELIVERY_AUTO] = "auto",
	[XV_DELIVERY_REDIRECT] = "redirect",
	[XV_DELIVERY_STACK] = "stack",
	NULL,
};

const char *const xv_df_words[] = {
	[XV_DF_UNSET] = "unset",
	[XV_DF_SET] = "set",
	[XV_DF_INHERIT] = "inherit",
	NULL,
};

const char *const xv_port_filters_words[] = {
	[XV_FILTERS_AUTO] = "auto",
	[XV_FILTERS_BEFORE] = "before",
	[XV_FILTERS_IGNORE] = "ignore",
	NULL,
};

const char *const xv_ipsec_words[] = {"respect", "bypass", NULL};
const char *const xv_netfilter_words[] = {"bypass", "respect", NULL};
const char *const xv_filters_words[] = {"before", "ignore", NULL};

const char *xv_delivery_name(enum xv_delivery delivery)
{
	return xv_delivery_words[delivery];
}

const char *xv_df_name(enum xv_df df)
{
	return xv_df_words[df];
}

const char *xv_port_xdp_name(enum xv_port_xdp mode)
{
	return xv_port_xdp_words[mode];
}

const char *xv_port_filters_name(enum xv_port_filters filters)
{
	return xv_port_filters_words[filters];
}

/* Index of the word in the list; 0 if it is not in it. */
static size_t word_index(const char *const words[], const char *name)
{
	size_t i;

	for (i = 0; words[i]; i++)
		if (!strcmp(words[i], name))
			return i;
	return 0;
}

enum xv_port_xdp xv_port_xdp_of_name(const char *name)
{
	return word_index(xv_port_xdp_words, name);
}

enum xv_port_filters xv_port_filters_of_name(const char *name)
{
	return word_index(xv_port_filters_words, name);
}

const char *xv_xdp_mode_name(enum xv_xdp_mode mode)
{
	return xv_xdp_mode_words[mode];
}
