/* SPDX-License-Identifier: GPL-2.0-only */
/* How much of a file has been sent: see progress.h. */
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "progress.h"

enum {
	FIRST_MS = 1000, /* nothing is shown of a transfer that takes less */
	NEXT_MS = 100,
};

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * UINT64_C(1000) + ts.tv_nsec / 1000000;
}

void xv_progress_start(struct xv_progress *progress, int fd, bool wanted)
{
	struct stat st;

	*progress = (struct xv_progress){.wanted = wanted && isatty(STDERR_FILENO)};
	if (!progress->wanted)
		return;
	progress->next = now_ms() + FIRST_MS;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		progress->total = st.st_size;
}

void xv_progress_add(struct xv_progress *progress, uint64_t bytes)
{
	uint64_t now;

	progress->done += bytes;
	if (!progress->wanted)
		return;
	now = now_ms();
	if (now < progress->next)
		return;
	progress->next = now + NEXT_MS;
	progress->shown = true;
	fprintf(stderr, "\rxvtep: %" PRIu64 " MiB sent", progress->done >> 20);
	if (progress->total)
		fprintf(stderr, " (%" PRIu64 " %%)", progress->done * 100 / progress->total);
	fputs("\033[K", stderr);
	fflush(stderr);
}

void xv_progress_end(struct xv_progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", stderr);
	progress->shown = false;
}
