/* SPDX-License-Identifier: GPL-2.0-only */
/* Sizes on which the client and the daemon agree. */
#ifndef XV_SIZES_H
#define XV_SIZES_H

enum xv_sizes {
	/*
	 * MiB of a configuration file. What `xvtep save` prints of a full instance is smaller:
	 * 1,048,576 entries of at most 99 bytes, and 12 MB of lists, networks and ports.
	 */
	XV_FILE_MIB = 128,
	/* MiB of a request: "apply" carries a whole file, in which JSON escapes bytes. */
	XV_REQUEST_MIB = 192,
};

#endif
