/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Error text that travels up beside a negative errno. Lower layers fill it in and never log; the
 * caller that can name the object adds it in front and logs or answers once.
 */
#ifndef XV_ERR_H
#define XV_ERR_H

struct xv_err {
	char text[512];
};

/* Sets the text (printf format) and returns code, a negative errno. e may be NULL. */
int xv_err_set(struct xv_err *e, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts "prefix: " in front of the text and returns code. e may be NULL. */
int xv_err_prefix(struct xv_err *e, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#endif
