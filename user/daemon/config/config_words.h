/* SPDX-License-Identifier: GPL-2.0-only */
/* The words of settings in the file, in commands and in tables. */
#ifndef XV_CONFIG_WORDS_H
#define XV_CONFIG_WORDS_H

#include "config/config.h"

/* Words of `inner-vlan`, by value. NULL at the end. */
extern const char *const xv_inner_vlan_words[];
/* Words of `xdp`, by enum xv_xdp_mode. NULL at the end. */
extern const char *const xv_xdp_mode_words[];
extern const char *const xv_delivery_words[];
extern const char *const xv_df_words[];
/* Words of settings that are a bool, by value. NULL at the end. */
extern const char *const xv_ipsec_words[];
extern const char *const xv_netfilter_words[];
extern const char *const xv_filters_words[];
/* Words of a port's `xdp`, by enum xv_port_xdp. NULL at the end. */
extern const char *const xv_port_xdp_words[];
/* Words of a port's `filters`, by enum xv_port_filters. NULL at the end. */
extern const char *const xv_port_filters_words[];

const char *xv_delivery_name(enum xv_delivery delivery);
const char *xv_df_name(enum xv_df df);
const char *xv_port_xdp_name(enum xv_port_xdp mode);
const char *xv_port_filters_name(enum xv_port_filters filters);
/* XV_PORT_XDP_AUTO if name is not a word of the list. */
enum xv_port_xdp xv_port_xdp_of_name(const char *name);
/* XV_FILTERS_AUTO if name is not a word of the list. */
enum xv_port_filters xv_port_filters_of_name(const char *name);
const char *xv_xdp_mode_name(enum xv_xdp_mode mode);

#endif
