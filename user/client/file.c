/* SPDX-License-Identifier: GPL-2.0-only */
/* Files that are sent to the daemon: see file.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "file.h"
#include "progress.h"
#include "row.h"
#include "sizes.h"

enum {
	FILE_LIMIT = XV_FILE_MIB << 20,
	BLOCK = 256 << 10, /* bytes sent at once; the daemon takes more */
};

static int read_all(FILE *in, char **text, size_t *len)
{
	size_t room = 1 << 16, used = 0, n;
	char *buf = malloc(room), *grown;
	int code;

	errno = 0;
	while (buf) {
		n = fread(buf + used, 1, room - used - 1, in);
		used += n;
		if (!n || used > FILE_LIMIT)
			break;
		if (used < room - 1)
			continue;
		room *= 2;
		grown = realloc(buf, room);
		if (!grown) {
			free(buf);
			return -ENOMEM;
		}
		buf = grown;
	}
	if (!buf)
		return -ENOMEM;
	if (ferror(in) || used > FILE_LIMIT) {
		code = errno ? -errno : -EIO;
		free(buf);
		return used > FILE_LIMIT ? -EFBIG : code;
	}
	buf[used] = '\0';
	*text = buf;
	*len = used;
	return 0;
}

static int check_utf8(const char *name, const char *text, size_t len, struct xv_err *err)
{
	unsigned int line = 1;
	size_t i, n;

	for (i = 0; i < len; i += n) {
		n = xv_utf8_length(text + i);
		if (!n || !text[i])
			return xv_err_set(err, -EILSEQ, "%s:%u: %s", name, line,
					  n ? "a NUL byte: is this a text file?"
					    : "not UTF-8: save the file as UTF-8");
		line += text[i] == '\n';
	}
	return 0;
}

int xv_file_read(const char *name, json_t **text, struct xv_err *err)
{
	bool is_stdin = !strcmp(name, "-");
	FILE *in = is_stdin ? stdin : fopen(name, "re");
	char *buf = NULL;
	size_t len = 0;
	int ret;

	if (!in)
		return xv_err_set(err, -errno, "%s: %s", name, strerror(errno));
	ret = read_all(in, &buf, &len);
	if (!is_stdin)
		fclose(in);
	if (ret == -EFBIG)
		return xv_err_set(err, ret, "%s: larger than %d MiB", is_stdin ? "stdin" : name,
				  XV_FILE_MIB);
	if (ret)
		return xv_err_set(err, ret, "%s: %s", name, strerror(-ret));
	ret = check_utf8(is_stdin ? "stdin" : name, buf, len, err);
	if (!ret) {
		*text = json_stringn(buf, len);
		if (!*text)
			ret = xv_err_set(err, -ENOMEM, "out of memory");
	}
	free(buf);
	return ret;
}

static int send_blocks(int fd, struct xv_client *client, struct xv_progress *progress)
{
	char *block = malloc(BLOCK), head[16];
	bool heard = true;
	ssize_t n = -1;
	int ret;

	errno = ENOMEM;
	/* If the daemon has closed the connection, its answer, which is read next, says why. */
	while (block && heard) {
		n = read(fd, block, BLOCK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		ret = snprintf(head, sizeof(head), "%zd\n", n);
		heard = xv_client_put(client, head, ret) && xv_client_put(client, block, n);
		if (!n)
			break;
		xv_progress_add(progress, n);
	}
	ret = n < 0 ? -errno : 0;
	free(block);
	return ret;
}

int xv_file_open(const char *name, struct xv_err *err)
{
	int fd = strcmp(name, "-") ? open(name, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;

	return fd < 0 ? xv_err_set(err, -errno, "%s: %s", name, strerror(errno)) : fd;
}

int xv_file_send(int fd, const char *name, struct xv_client *client, bool progress,
		 struct xv_err *err)
{
	struct xv_progress line;
	int ret;

	xv_progress_start(&line, fd, progress);
	ret = send_blocks(fd, client, &line);
	xv_progress_end(&line);
	return ret ? xv_err_set(err, ret, "%s: %s", name, strerror(-ret)) : 0;
}
