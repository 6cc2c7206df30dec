/* SPDX-License-Identifier: GPL-2.0-only */
/* The words of a command line made into a request. */
#ifndef XV_WORDS_H
#define XV_WORDS_H

#include "request.h"

/*
 * Makes a request of words: OBJECT [COMMAND] [ARGUMENTS], each object, command and argument name in
 * full or as an unambiguous prefix; the command defaults to show. The text that "apply" and "check"
 * send is not filled in. -EINVAL as xv_request_parse().
 */
int xv_words_parse(int argc, char *const argv[], struct xv_request *request, struct xv_err *err);

#endif
