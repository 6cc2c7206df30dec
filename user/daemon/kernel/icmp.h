/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel counts of ICMP errors that come in to its network namespace, by any device. */
#ifndef XV_ICMP_H
#define XV_ICMP_H

#include <stdint.h>

/*
 * "Destination unreachable", which "fragmentation needed" is one of, and ICMPv6 "packet too big",
 * together, since the namespace was made. 0 if the kernel does not tell.
 */
uint64_t xv_icmp_errors(void);

#endif
