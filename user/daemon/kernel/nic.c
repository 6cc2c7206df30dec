/* SPDX-License-Identifier: GPL-2.0-only */
/* Checks of a NIC: see nic.h. */
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel/nic.h"

enum {
	TENANT_MTU = 1500,
};

static int ethtool(const char *dev, void *request)
{
	struct ifreq ifr = {.ifr_data = request};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), ret;

	if (fd < 0)
		return -1;
	memcpy(ifr.ifr_name, dev, strnlen(dev, sizeof(ifr.ifr_name) - 1));
	ret = ioctl(fd, SIOCETHTOOL, &ifr);
	close(fd);
	return ret;
}

/* Number of receive queues in use; 1 if the driver does not tell. */
static unsigned int rx_queues(const char *dev)
{
	struct ethtool_channels channels = {.cmd = ETHTOOL_GCHANNELS};

	if (ethtool(dev, &channels))
		return 1;
	return channels.rx_count + channels.combined_count;
}

/*
 * Whether UDP packets between two addresses are spread over queues by port; true if the driver does
 * not tell.
 */
static int udp_spreads(const char *dev, __u32 flow_type)
{
	const __u64 ports = RXH_L4_B_0_1 | RXH_L4_B_2_3;
	struct ethtool_rxnfc hash = {.cmd = ETHTOOL_GRXFH, .flow_type = flow_type};

	if (ethtool(dev, &hash))
		return 1;
	return (hash.data & ports) == ports;
}

bool xv_nic_hides_vlan(const char *dev)
{
	struct ethtool_value flags = {.cmd = ETHTOOL_GFLAGS};

	return !ethtool(dev, &flags) && flags.data & ETH_FLAG_RXVLAN;
}

void xv_nic_check(const struct xv_link *link, bool v4, unsigned int overhead, bool fragments,
		  char *text, size_t len)
{
	unsigned int mtu = xv_link_ip_mtu(link, v4);

	text[0] = '\0';
	if (mtu < TENANT_MTU + overhead) {
		snprintf(text, len,
			 "%sMTU %u leaves tenants %u bytes, larger frames %s: raise it to %u, or "
			 "lower theirs",
			 mtu < link->mtu ? "IPv6 " : "", mtu, mtu > overhead ? mtu - overhead : 0,
			 fragments ? "take the slow path in fragments"
				   : "are dropped, their senders told",
			 TENANT_MTU + overhead);
		return;
	}
	if (rx_queues(link->name) < 2)
		return;
	if (!udp_spreads(link->name, UDP_V4_FLOW) || !udp_spreads(link->name, UDP_V6_FLOW))
		snprintf(text, len,
			 "receive queues are chosen without UDP ports, so a tunnel stays on one: "
			 "ethtool -N %s rx-flow-hash udp4 sdfn (and udp6)",
			 link->name);
}
