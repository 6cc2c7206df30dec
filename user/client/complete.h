/* SPDX-License-Identifier: GPL-2.0-only */
/* Completion for the shell, from the grammar. */
#ifndef XV_COMPLETE_H
#define XV_COMPLETE_H

/*
 * What may stand as the last of these words, one a line. The names of networks, ports and peers are
 * asked for from the instance's daemon, if one runs.
 */
void xv_complete_words(const char *instance, int argc, char *const argv[]);
/* Instances whose daemon answers, one a line. */
void xv_complete_instances(void);

#endif
