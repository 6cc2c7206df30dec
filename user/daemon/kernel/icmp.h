/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's counters of ICMP errors that its network namespace received, by any device. */
#ifndef XV_ICMP_H
#define XV_ICMP_H

#include <stdint.h>

/*
 * Sum, since the namespace was made, of received ICMP "destination unreachable" (which includes
 * "fragmentation needed") and ICMPv6 "packet too big". 0 if the counters cannot be read.
 */
uint64_t xv_icmp_errors(void);

#endif
