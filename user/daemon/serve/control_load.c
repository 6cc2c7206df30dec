/* SPDX-License-Identifier: GPL-2.0-only */
/* Entries that a client loads: see control_load.h. */
#include <errno.h>
#include <event2/buffer.h>

#include "addr.h"
#include "serve/control_load.h"

enum {
	HEAD = 16,	   /* bytes of a block's first line at most */
	PIECE = 128 << 10, /* bytes read at once */
};

static void end(struct xv_control_load *control_load)
{
	control_load->load = NULL;
	control_load->applying = false;
	(*control_load->n_loads)--;
}

void xv_control_load_drop(struct xv_control_load *control_load)
{
	if (!control_load->load)
		return;
	if (control_load->applying)
		xv_load_abandon(control_load->load);
	else
		xv_load_free(control_load->load);
	end(control_load);
}

int xv_control_load_start(struct xv_control_load *control_load, struct xv_load *load,
			  size_t *n_loads, xv_load_done_fn done, void *arg, struct xv_err *err)
{
	if (*n_loads >= XV_CONTROL_LOADS) {
		xv_load_free(load);
		return xv_err_set(err, -EBUSY, "%d clients are loading entries: try again later",
				  XV_CONTROL_LOADS);
	}
	(*n_loads)++;
	*control_load = (struct xv_control_load){
		.load = load, .n_loads = n_loads, .done = done, .arg = arg};
	return 0;
}

static void on_applied(void *arg, int ret, size_t entries, const struct xv_err *err)
{
	struct xv_control_load *control_load = arg;

	end(control_load);
	control_load->done(control_load->arg, ret, entries, err);
}

static int is_cut(struct xv_err *err)
{
	return xv_err_set(err, -EBADMSG, "the text is not complete: nothing is loaded");
}

/* Reads the line in front of a block. As xv_control_load_feed(). */
static int read_head(struct xv_control_load *control_load, struct evbuffer *in, bool eof,
		     struct xv_err *err)
{
	struct evbuffer_ptr newline = evbuffer_search(in, "\n", 1, NULL);
	char head[HEAD + 1] = "";
	uint32_t bytes;
	int ret;

	if (newline.pos < 0 && evbuffer_get_length(in) < HEAD)
		return eof ? is_cut(err) : 0;
	if (newline.pos >= 0 && newline.pos < HEAD) {
		evbuffer_remove(in, head, newline.pos + 1);
		head[newline.pos] = '\0';
	}
	if (xv_uint_parse(head, 0, XV_CONTROL_BLOCK, &bytes))
		return xv_err_set(err, -EBADMSG, "a block's length is a number from 0 to 1048576");
	control_load->block = bytes;
	if (bytes)
		return 1;
	ret = xv_load_apply(control_load->load, on_applied, control_load, err);
	control_load->applying = !ret;
	return ret;
}

int xv_control_load_feed(struct xv_control_load *control_load, struct evbuffer *in, bool eof,
			 struct xv_err *err)
{
	static char piece[PIECE];
	int n, ret;

	if (control_load->applying)
		return 0;
	if (!control_load->block)
		return read_head(control_load, in, eof, err);
	n = evbuffer_remove(in, piece, control_load->block < PIECE ? control_load->block : PIECE);
	if (n <= 0)
		return eof ? is_cut(err) : 0;
	control_load->block -= n;
	ret = xv_load_text(control_load->load, piece, n, err);
	return ret ?: 1;
}
