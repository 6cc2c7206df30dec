/* SPDX-License-Identifier: GPL-2.0-only */
/* The configuration as an object: read from a file or from text, freed. See config.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "addr.h"
#include "config/config_schema.h"

enum {
	FILE_MAX_MIB = 64,
	FILE_MAX = FILE_MAX_MIB << 20,
};

static int read_failed(const char *file, struct xv_err *err, int code)
{
	return xv_err_set(err, code, "%s: cannot read: %s", file, strerror(-code));
}

/* Reads all of fd, growing with it: a pipe has no size. */
static int read_all(int fd, const char *file, char **text, size_t *len, struct xv_err *err)
{
	size_t used = 0, room = 1 << 16;
	char *buf = NULL, *bigger;
	ssize_t got;

	do {
		if (!buf || used == room) {
			room = buf ? 2 * room : room;
			bigger = realloc(buf, room);
			if (!bigger) {
				free(buf);
				return read_failed(file, err, -ENOMEM);
			}
			buf = bigger;
		}
		got = read(fd, buf + used, room - used);
		if (got < 0 && errno != EINTR) {
			got = -errno;
			free(buf);
			return read_failed(file, err, got);
		}
		used += got > 0 ? got : 0;
		if (used > FILE_MAX) {
			free(buf);
			return xv_err_set(err, -EFBIG, "%s: larger than %d MiB", file,
					  FILE_MAX_MIB);
		}
	} while (got);
	*text = buf;
	*len = used;
	return 0;
}

int xv_config_load(const char *file, struct xv_config **config, struct xv_err *err)
{
	struct stat st;
	char *text = NULL;
	size_t len = 0;
	int fd, code;

	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return read_failed(file, err, -errno);
	if (!fstat(fd, &st) && S_ISDIR(st.st_mode))
		code = xv_err_set(err, -EISDIR, "%s: is a directory; a file is expected", file);
	else
		code = read_all(fd, file, &text, &len, err);
	close(fd);
	if (code)
		return code;
	code = xv_config_parse(file, text, len, config, err);
	free(text);
	return code;
}

int xv_config_parse(const char *file, const char *text, size_t len, struct xv_config **config,
		    struct xv_err *err)
{
	struct xv_source source = {.file = file, .err = err};
	struct xv_config_marks marks = {};
	struct xv_config *parsed;
	struct xv_reader reader;
	int code;

	parsed = calloc(1, sizeof(*parsed));
	if (!parsed)
		return xv_err_set(err, -ENOMEM, "%s: out of memory", file);
	snprintf(parsed->file, sizeof(parsed->file), "%s", file);
	code = xv_reader_open(&reader, &source, text, len);
	if (code)
		goto err_free;
	code = xv_config_schema_read(&reader, parsed, &marks);
	if (!code)
		code = xv_config_check(parsed, &marks, &source);
	xv_reader_close(&reader);
	free(marks.networks);
	if (code)
		goto err_free;
	*config = parsed;
	return 0;

err_free:
	xv_config_free(parsed);
	return code;
}

void xv_config_drop_networks(struct xv_config *config)
{
	size_t i;

	for (i = 0; i < config->n_networks; i++) {
		free(config->networks[i].ports);
		free(config->networks[i].flood);
		free(config->networks[i].fdb);
	}
	free(config->networks);
	config->networks = NULL;
	config->n_networks = 0;
}

void xv_config_free(struct xv_config *config)
{
	if (!config)
		return;
	xv_config_drop_networks(config);
	free(config->devices);
	free(config);
}

static size_t devices_missing(const struct xv_config *from, const struct xv_config *in)
{
	size_t i, k, n = 0;

	for (i = 0; i < from->n_devices; i++) {
		for (k = 0; k < in->n_devices; k++)
			if (!strcmp(from->devices[i], in->devices[k]))
				break;
		n += k == in->n_devices;
	}
	return n;
}

size_t xv_config_head_changes(const struct xv_config *a, const struct xv_config *b)
{
	bool listen = a->metrics != b->metrics ||
		      (a->metrics && (a->listen_port != b->listen_port ||
				      strcmp(a->listen_host, b->listen_host)));

	return devices_missing(a, b) + devices_missing(b, a) +
	       !xv_ip_equal(&a->address, &b->address) + !xv_ip_equal(&a->address6, &b->address6) +
	       (a->udp_port != b->udp_port) + (a->xdp != b->xdp) + (a->delivery != b->delivery) +
	       (a->df != b->df) + (a->udp6_checksum != b->udp6_checksum) +
	       (a->ipsec_bypass != b->ipsec_bypass) +
	       (a->netfilter_respect != b->netfilter_respect) +
	       (a->filters_ignore != b->filters_ignore) + listen;
}

const char *xv_delivery_name(enum xv_delivery delivery)
{
	return xv_delivery_words[delivery];
}

const char *xv_df_name(enum xv_df df)
{
	return xv_df_words[df];
}

const char *xv_port_xdp_name(enum xv_port_xdp mode)
{
	return xv_port_xdp_words[mode];
}

const char *xv_port_filters_name(enum xv_port_filters filters)
{
	return xv_port_filters_words[filters];
}

/* The word's place in the list, or 0. */
static size_t word_index(const char *const words[], const char *name)
{
	size_t i;

	for (i = 0; words[i]; i++)
		if (!strcmp(words[i], name))
			return i;
	return 0;
}

enum xv_port_xdp xv_port_xdp_of_name(const char *name)
{
	return word_index(xv_port_xdp_words, name);
}

enum xv_port_filters xv_port_filters_of_name(const char *name)
{
	return word_index(xv_port_filters_words, name);
}

const char *xv_xdp_mode_name(enum xv_xdp_mode mode)
{
	return xv_xdp_mode_words[mode];
}
