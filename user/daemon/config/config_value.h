/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Values of a configuration file. Each function reads one scalar and checks it as far as possible
 * without other values. name: the key or list of the value. All return 0; or a negative errno with
 * the error text set, and store nothing.
 */
#ifndef XV_CONFIG_VALUE_H
#define XV_CONFIG_VALUE_H

#include <net/if.h>
#include <stdbool.h>

#include "config/config_reader.h"
#include "xv_abi.h"

int xv_value_uint(struct xv_reader *r, const char *name, uint32_t min, uint32_t max,
		  uint32_t *value);
int xv_value_bool(struct xv_reader *r, const char *name, bool *value);
/* Reads one of words (NULL at the end). *value is its index. */
int xv_value_word(struct xv_reader *r, const char *name, const char *const *words, uint32_t *value);
/* Reads a name of letters, digits, "_", "-" and the characters in more. size includes the NUL. */
int xv_value_name(struct xv_reader *r, const char *name, const char *more, char *value,
		  size_t size);
/* Reads the name of a network device. */
int xv_value_dev(struct xv_reader *r, const char *name, char value[IFNAMSIZ]);
int xv_value_mac(struct xv_reader *r, const char *name, uint8_t mac[6]);
/* Read an address: any; one that a host can have; one of a multicast group. */
int xv_value_ip(struct xv_reader *r, const char *name, struct xv_ip *ip);
int xv_value_host(struct xv_reader *r, const char *name, struct xv_ip *ip);
int xv_value_group(struct xv_reader *r, const char *name, struct xv_ip *ip);
/* Reads ADDRESS:PORT or [ADDRESS]:PORT. host is the address without brackets. */
int xv_value_listen(struct xv_reader *r, const char *name, char *host, size_t size, uint16_t *port);

/* For tables of keys: store the value at key->offset in obj; the function's name has its type. */
int xv_value_key_u16(struct xv_reader *r, const struct xv_reader_key *key, void *obj);
int xv_value_key_u32(struct xv_reader *r, const struct xv_reader_key *key, void *obj);
int xv_value_key_bool(struct xv_reader *r, const struct xv_reader_key *key, void *obj);
int xv_value_key_dev(struct xv_reader *r, const struct xv_reader_key *key, void *obj);
int xv_value_key_mac(struct xv_reader *r, const struct xv_reader_key *key, void *obj);
int xv_value_key_host(struct xv_reader *r, const struct xv_reader_key *key, void *obj);

#endif
