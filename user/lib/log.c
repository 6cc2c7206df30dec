/* SPDX-License-Identifier: GPL-2.0-only */
/* The daemon's log: see log.h. */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "printable.h"

enum {
	LINE_MAX_LEN = 2048, /* below PIPE_BUF: written whole or not at all */
	TEXT_LEN = 1024,     /* before it is escaped */
	CAUSES = 64,
};

/* A message of xv_log_limited() that was logged within this second. */
struct cause {
	const char *fmt;
	uint32_t bd;
	int priority;
	uint32_t more; /* further lines, counted and not written */
	char last[TEXT_LEN];
};

static char log_instance[64] = "?";
static bool log_verbose;
static bool log_journal;
static int log_fd = STDERR_FILENO;
static bool log_socket;
static bool log_waits; /* write() to log_fd may block: call poll() first */
static uint64_t log_lost;
static struct cause causes[CAUSES];
static size_t n_causes;
static uint64_t causes_left_out;

/*
 * Opens a pipe or terminal again, with O_NONBLOCK. Setting O_NONBLOCK on standard error itself
 * would change it for all processes that share it.
 */
static void choose_fd(void)
{
	struct stat st;
	int fd;

	if (log_fd != STDERR_FILENO)
		close(log_fd);
	log_fd = STDERR_FILENO;
	log_socket = log_waits = false;
	if (fstat(STDERR_FILENO, &st))
		return;
	log_socket = S_ISSOCK(st.st_mode);
	if (!S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode))
		return;
	fd = open("/proc/self/fd/2", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0)
		log_fd = fd;
	else
		log_waits = true;
}

static void on_libevent(int severity, const char *text)
{
	xv_log_limited(severity == EVENT_LOG_ERR ? LOG_ERR : LOG_WARNING, 0, "libevent: %s", text);
}

void xv_log_open(const char *instance, bool verbose)
{
	snprintf(log_instance, sizeof(log_instance), "%s", instance);
	log_verbose = verbose;
	log_journal = !isatty(STDERR_FILENO);
	choose_fd();
	event_set_log_callback(on_libevent);
}

/* Writes a line. True: it is written, or can never be written. False: there is no room now. */
static bool put(const char *line, size_t len)
{
	struct pollfd ready = {.fd = log_fd, .events = POLLOUT};
	ssize_t n;

	if (log_waits && poll(&ready, 1, 0) != 1)
		return false;
	if (log_socket)
		n = send(log_fd, line, len, MSG_DONTWAIT | MSG_NOSIGNAL);
	else
		n = write(log_fd, line, len);
	return n >= 0 || (errno != EAGAIN && errno != EINTR);
}

/* Writes a line whose text is printable already. */
static bool put_line(int priority, const char *text)
{
	char line[LINE_MAX_LEN + sizeof(log_instance) + 16];
	int len;

	if (log_journal)
		len = snprintf(line, sizeof(line), "<%d>xvtepd[%s]: %s\n", priority, log_instance,
			       text);
	else
		len = snprintf(line, sizeof(line), "xvtepd[%s]: %s\n", log_instance, text);
	return put(line, len);
}

static void tell_lost(void)
{
	char text[80];

	if (!log_lost)
		return;
	snprintf(text, sizeof(text), "%llu lines of this log were lost: nobody read it",
		 (unsigned long long)log_lost);
	if (put_line(LOG_WARNING, text))
		log_lost = 0;
}

static void write_text(int priority, const char *text)
{
	char safe[LINE_MAX_LEN];

	xv_printable(safe, sizeof(safe), text);
	tell_lost();
	if (log_lost || !put_line(priority, safe))
		log_lost++;
}

void xv_log(int priority, const char *fmt, ...)
{
	char text[TEXT_LEN];
	va_list ap;

	if (priority > LOG_INFO && !log_verbose)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	write_text(priority, text);
}

/* NULL: this second has none yet. */
static struct cause *find_cause(uint32_t bd, const char *fmt)
{
	size_t i;

	for (i = 0; i < n_causes; i++)
		if (causes[i].fmt == fmt && causes[i].bd == bd)
			return &causes[i];
	return NULL;
}

void xv_log_limited(int priority, uint32_t bd, const char *fmt, ...)
{
	struct cause *cause = find_cause(bd, fmt);
	va_list ap;

	if (priority > LOG_INFO && !log_verbose)
		return;
	if (!cause && n_causes == CAUSES) {
		causes_left_out++;
		return;
	}
	if (cause)
		cause->more++;
	else
		causes[n_causes] = (struct cause){.fmt = fmt, .bd = bd, .priority = priority};
	va_start(ap, fmt);
	vsnprintf(cause ? cause->last : causes[n_causes].last, TEXT_LEN, fmt, ap);
	va_end(ap);
	if (!cause)
		write_text(priority, causes[n_causes++].last);
}

void xv_log_second(void)
{
	size_t i;

	for (i = 0; i < n_causes; i++)
		if (causes[i].more)
			xv_log(causes[i].priority, "%.960s (the last of %u more in a second)",
			       causes[i].last, causes[i].more);
	if (causes_left_out)
		xv_log(LOG_WARNING, "%llu more lines about other networks in a second",
		       (unsigned long long)causes_left_out);
	n_causes = 0;
	causes_left_out = 0;
	tell_lost();
}

void xv_log_end(const char *text)
{
	char safe[LINE_MAX_LEN], line[LINE_MAX_LEN + 16];

	xv_printable(safe, sizeof(safe), text);
	put(line, snprintf(line, sizeof(line), "xvtepd: %s\n", safe));
}
