/* SPDX-License-Identifier: GPL-2.0-only */
/* The tables of columns.h as data. */
#include <string.h>

#include "columns.h"

const struct xv_metric xv_metrics[XV_METRIC_MAX] = {
#define X(id, name, type, help) [XV_METRIC_##id] = {name, type, help},
	XV_METRICS(X)
#undef X
};

#define COLUMN(table, id, key, header, type, label, metric, labels) \
	{key,                                                       \
	 header,                                                    \
	 XV_##type,                                                 \
	 label,                                                     \
	 labels,                                                    \
	 "\"" key "\":",                                            \
	 sizeof("\"" key "\":") - 1,                                \
	 XV_METRIC_##metric},

#define X(id, list, name, part, flags)                                 \
	static const struct xv_column columns_##id[] = {list(COLUMN)}; \
	_Static_assert(sizeof(columns_##id) <= XV_COLUMNS_MAX * sizeof(columns_##id[0]), #id);
XV_TABLES(X)
#undef X

const struct xv_table xv_tables[XV_TABLE_MAX] = {
#define X(id, list, name, part, flags)                      \
	[XV_TABLE_##id] = {name, part, flags, columns_##id, \
			   sizeof(columns_##id) / sizeof(columns_##id[0])},
	XV_TABLES(X)
#undef X
};

const struct xv_table *xv_table_find(const char *name)
{
	size_t i;

	for (i = 0; i < XV_TABLE_MAX; i++) {
		if (!strcmp(xv_tables[i].name, name))
			return &xv_tables[i];
	}
	return NULL;
}
