/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the wire, the act under XDP: the outer header comes off the frame's front, and a redirect
 * gives the frame to its port.
 *
 * A frame that XDP leaves to the kernel keeps its outer header. Of a stripped frame the kernel
 * would believe what the driver says of the first checksum in it (CHECKSUM_UNNECESSARY,
 * skb->csum_level), and that was the outer one. And a merged packet is stripped once at TC, not
 * each of its segments here.
 *
 * Nobody verifies an outer UDP checksum (RFC 7348, section 5 allows that). No note of it goes with
 * an XDP frame.
 */
#ifndef XV_BPF_DECAP_XDP_H
#define XV_BPF_DECAP_XDP_H

#include "decap.h"

/*
 * Takes the outer header off, strip bytes, and writes ecn into the inner header unless it is
 * XV_ECN_KEEP. vlan: the VLAN of the port, or 0. An XDP frame carries its tag inside, so that four
 * bytes of the outer header's place then stay, for the tag. 0 or a drop.
 */
static __always_inline int strip_front(struct xdp_md *ctx, __u32 strip, int ecn, __u32 vlan)
{
	__u32 kept = unlikely(vlan) ? XV_VLAN_HLEN : 0;
	struct xv_ethhdr *eth;
	struct xv_vlanhdr *tag;
	void *data, *data_end;

	/* From here on clang must ask for kept, of which the verifier of Linux 6.1 knows more. */
	xv_opaque(kept);
	if (bpf_xdp_adjust_head(ctx, strip - kept))
		return XV_DROP(NO_MEMORY);
	if (likely(!ecn && !kept))
		return 0;
	data = xv_ctx_ptr(ctx->data);
	data_end = xv_ctx_ptr(ctx->data_end);
	eth = data + kept;
	if ((void *)(eth + 1) > data_end)
		return XV_DROP(NO_MEMORY);
	if (ecn)
		xv_ecn_write(eth, data_end, ecn);
	if (!kept)
		return 0;
	xv_copy(data, eth, 2 * ETH_ALEN); /* forwards: every word is read before it is written */
	eth = data;
	eth->h_proto = bpf_htons(ETH_P_8021Q);
	tag = (void *)(eth + 1);
	tag->tci = bpf_htons(vlan); /* its proto is there already: the frame's own */
	return 0;
}

/*
 * Redirects to the port by the devmap. A VLAN has no entry there: an entry is two cache lines, and
 * those of the 4,000 VLANs of a trunk would all name one device. The kernel looks that device up.
 */
static __always_inline long redirect_to(const struct xv_decap *d)
{
	if (unlikely(d->dev->vlan))
		return bpf_redirect(d->dev->ifindex, 0);
	return bpf_redirect_map(&xv_tx, d->port, 0);
}

/* Does what xv_decap_decide() decided with 0. XV_PATH_XDP_REDIRECT, XV_SLOW, or a drop. */
static __always_inline int xv_decap_act_xdp(struct xdp_md *ctx, struct xv_frame *f,
					    const struct xv_decap *d)
{
	int err;

	if (!xv_port_takes_xdp(d->dev, d->tcp, xv_frame_has_frags(f), d->len))
		return XV_SLOW;
	err = strip_front(ctx, d->strip, d->ecn, d->dev->vlan);
	if (err)
		return err;
	f->tally.bytes = d->len;
	if (redirect_to(d) != XDP_REDIRECT)
		return XV_DROP(PORT_DOWN);
	xv_decap_count(d, &f->tally);
	return XV_PATH_XDP_REDIRECT;
}

#endif
