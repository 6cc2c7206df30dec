/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Addresses as text: underlay IPs (struct xv_ip: network order, IPv4 mapped) and MACs.
 * Parsers are strict: the whole string must be one address; out-parameters are untouched on
 * failure.
 */
#ifndef XV_ADDR_H
#define XV_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "xv_abi.h"

enum {
	XV_IP_STRLEN = 46,
	XV_MAC_STRLEN = 18,
};

/* Parses an IPv4 or IPv6 address (no prefix length, no zone). 0 or -EINVAL. */
int xv_ip_parse(const char *text, struct xv_ip *ip);
/* Writes the address as text (mapped IPv4 as dotted quad) into buf and returns buf. */
const char *xv_ip_format(const struct xv_ip *ip, char buf[XV_IP_STRLEN]);
bool xv_ip_is_v4(const struct xv_ip *ip);
bool xv_ip_is_zero(const struct xv_ip *ip);
bool xv_ip_is_multicast(const struct xv_ip *ip);
bool xv_ip_equal(const struct xv_ip *a, const struct xv_ip *b);
/* A host's own unicast address: not zero, multicast, broadcast, loopback or IPv6 link-local. */
bool xv_ip_is_usable(const struct xv_ip *ip);

/* Parses aa:bb:cc:dd:ee:ff or aa-bb-..., either case. 0 or -EINVAL. */
int xv_mac_parse(const char *text, uint8_t mac[6]);
const char *xv_mac_format(const uint8_t mac[6], char buf[XV_MAC_STRLEN]);
/* Whether the MAC can be a station's address: neither multicast nor zero. */
bool xv_mac_is_unicast(const uint8_t mac[6]);

/* Parses a decimal number in [min, max], whole string. 0 or -EINVAL. */
int xv_uint_parse(const char *text, uint32_t min, uint32_t max, uint32_t *value);

#endif
