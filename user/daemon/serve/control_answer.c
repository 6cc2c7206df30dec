/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables, line by line: see control_answer.h. */
#include <errno.h>
#include <event2/buffer.h>

#include "serve/control_answer.h"

/* Opens the table that the answer is at. */
static int open_table(struct xv_control_answer *answer, struct xv_err *err)
{
	enum xv_table_id table = answer->call.tables[answer->table];
	int ret;

	if (table == XV_TABLE_FDB && *answer->n_copies >= XV_CONTROL_COPIES)
		return xv_err_set(err, -EBUSY,
				  "%d clients are reading the FDB already: try again later",
				  XV_CONTROL_COPIES);
	ret = xv_view_open(answer->about, table, &answer->call.selection, &answer->view, err);
	if (!ret && answer->view.entries)
		(*answer->n_copies)++;
	return ret;
}

/* Writes one line of rows. False when it was the answer's last. */
static bool write_batch(struct xv_control_answer *answer, struct evbuffer *out)
{
	char json[4 * XV_ROW_JSON];
	struct xv_row row;
	struct xv_err err;
	bool more = true;
	size_t n, used = 0;

	evbuffer_add_printf(out, "{\"ok\":true,\"table\":\"%s\",\"data\":[",
			    xv_tables[answer->view.table].name);
	for (n = 0; n < XV_CONTROL_BATCH && more; n++) {
		more = xv_view_next(&answer->view, &row);
		if (!more)
			break;
		if (sizeof(json) - used < XV_ROW_JSON + 2) {
			evbuffer_add(out, json, used);
			used = 0;
		}
		if (n)
			json[used++] = ',';
		json[used++] = '\t';
		used += xv_row_json(&row, json + used);
	}
	evbuffer_add(out, json, used);
	if (!more && ++answer->table < answer->call.n_tables) {
		/* Only the FDB cannot be opened, and it stands alone in its answer. */
		xv_view_close(&answer->view);
		more = !open_table(answer, &err);
	}
	evbuffer_add_printf(out, "%s\n", more ? "],\"more\":true}" : "]}");
	return more;
}

int xv_control_answer_start(struct xv_control_answer *answer, const struct xv_about *about,
			    size_t *n_copies, struct xv_err *err)
{
	int ret;

	answer->about = about;
	answer->n_copies = n_copies;
	answer->table = 0;
	ret = open_table(answer, err);
	answer->open = !ret;
	return ret;
}

void xv_control_answer_write(struct xv_control_answer *answer, struct evbuffer *out)
{
	while (answer->open && evbuffer_get_length(out) < XV_CONTROL_OUTPUT) {
		if (!write_batch(answer, out))
			xv_control_answer_drop(answer);
	}
}

void xv_control_answer_drop(struct xv_control_answer *answer)
{
	if (!answer->open)
		return;
	if (answer->view.entries)
		(*answer->n_copies)--;
	xv_view_close(&answer->view);
	answer->open = false;
}
