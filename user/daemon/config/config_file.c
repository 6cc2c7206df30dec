/* SPDX-License-Identifier: GPL-2.0-only */
/* Configuration files: see config_file.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config_check.h"
#include "config/config_file.h"
#include "config/config_root.h"
#include "sizes.h"

enum {
	FILE_MAX = XV_FILE_MIB << 20,
};

static int read_failed(const char *file, struct xv_err *err, int code)
{
	return xv_err_set(err, code, "%s: cannot read: %s", file, strerror(-code));
}

static int too_large(const char *file, struct xv_err *err)
{
	return xv_err_set(err, -EFBIG, "%s: larger than %d MiB", file, XV_FILE_MIB);
}

/* Reads all of fd into a growing buffer, as a pipe has no size. */
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
			return too_large(file, err);
		}
	} while (got);
	*text = buf;
	*len = used;
	return 0;
}

/* Refuses what cannot be read, before it is read. regular: whatever is no regular file, too. */
static int check_file(int fd, const char *file, bool regular, struct xv_err *err)
{
	struct stat st;

	if (fstat(fd, &st))
		return read_failed(file, err, -errno);
	if (S_ISDIR(st.st_mode))
		return xv_err_set(err, -EISDIR, "%s: is a directory; a file is expected", file);
	if (regular && !S_ISREG(st.st_mode))
		return xv_err_set(err, -EINVAL,
				  "%s: is %s; a reload reads regular files alone, as it must not "
				  "wait for a writer",
				  file, S_ISFIFO(st.st_mode) ? "a pipe" : "a device or socket");
	return st.st_size > FILE_MAX ? too_large(file, err) : 0;
}

/* With O_NONBLOCK, open() does not wait for the writer of a pipe. */
static int load(const char *file, bool regular, struct xv_config **config, struct xv_err *err)
{
	char *text = NULL;
	size_t len = 0;
	int fd, code;

	fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | (regular ? O_NONBLOCK : 0));
	if (fd < 0)
		return read_failed(file, err, -errno);
	code = check_file(fd, file, regular, err) ?: read_all(fd, file, &text, &len, err);
	close(fd);
	if (code)
		return code;
	code = xv_config_parse(file, text, len, config, err);
	free(text);
	return code;
}

int xv_config_load(const char *file, struct xv_config **config, struct xv_err *err)
{
	return load(file, false, config, err);
}

int xv_config_load_regular(const char *file, struct xv_config **config, struct xv_err *err)
{
	return load(file, true, config, err);
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
	code = xv_config_root_read(&reader, parsed, &marks);
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
