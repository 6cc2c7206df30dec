/* SPDX-License-Identifier: GPL-2.0-only */
/* xvtepd: options, signals and the event loop. See xvtepd(8). */
#include <errno.h>
#include <event2/event.h>
#include <getopt.h>
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "config/config_file.h"
#include "config/config_print.h"
#include "detach.h"
#include "instance.h"
#include "kernel/privileges.h"
#include "log.h"
#include "output.h"
#include "turn.h"

enum {
	EXIT_USAGE = 2,
	KEEP_MAX = 1 << 20, /* bytes of free memory that malloc() keeps */
	OPT_DETACH = 256,
	SLICE_NS = 100000, /* the shortest that the kernel allows */
};

struct options {
	const char *file;
	const char *instance;
	bool check;
	bool verbose;
	bool detach;
};

struct reloading {
	struct xv_instance *inst;
	struct event_base *base;
	bool waits; /* another reload was asked for and has not begun */
};

static const char usage_text[] =
	"usage: xvtepd -c FILE [-i INSTANCE] [-n] [-v]\n"
	"       xvtepd --detach [-i INSTANCE]\n"
	"\n"
	"  -c, --config FILE      configuration, see xvtep.yaml(5)\n"
	"  -i, --instance NAME    instead of the one in the file (default: default)\n"
	"  -n, --check            check the file, print it with its defaults, touch nothing\n"
	"  -v, --verbose          log more\n"
	"      --detach           remove what an instance left: programs, maps, slow path device\n"
	"  -V, --version          print the version\n"
	"  -h, --help             print this\n";

static const struct option long_options[] = {
	{"config", required_argument, NULL, 'c'},  {"instance", required_argument, NULL, 'i'},
	{"check", no_argument, NULL, 'n'},	   {"verbose", no_argument, NULL, 'v'},
	{"detach", no_argument, NULL, OPT_DETACH}, {"version", no_argument, NULL, 'V'},
	{"help", no_argument, NULL, 'h'},	   {},
};

/* Returns -1 to go on, else the exit status. */
static int parse_options(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt_long(argc, argv, "c:i:nvVh", long_options, NULL)) >= 0) {
		switch (c) {
		case 'c':
			o->file = optarg;
			break;
		case 'i':
			o->instance = optarg;
			break;
		case 'n':
			o->check = true;
			break;
		case 'v':
			o->verbose = true;
			break;
		case OPT_DETACH:
			o->detach = true;
			break;
		case 'V':
			printf("xvtepd %s\n", XV_VERSION);
			return xv_output_close("xvtepd", EXIT_SUCCESS);
		case 'h':
			fputs(usage_text, stdout);
			return xv_output_close("xvtepd", EXIT_SUCCESS);
		default:
			fputs(usage_text, stderr);
			return EXIT_USAGE;
		}
	}
	if (optind < argc)
		fprintf(stderr, "xvtepd: unexpected word \"%s\"\n", argv[optind]);
	else if (!o->detach && !o->file)
		fprintf(stderr, "xvtepd: no configuration: give one with -c FILE\n");
	else if (o->detach && (o->check || o->file))
		fprintf(stderr, "xvtepd: --detach goes with -i alone\n");
	else
		return -1;
	fputs(usage_text, stderr);
	return EXIT_USAGE;
}

/* The name becomes a directory in bpffs, which refuses dots. */
static int check_name(const char *name)
{
	if (name[0] && strlen(name) < XV_INSTANCE_LEN &&
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
		    strlen(name))
		return 0;
	fprintf(stderr,
		"xvtepd: \"%s\" is not an instance name: 1 to %d letters, digits, '_' and "
		"'-'\n",
		name, XV_INSTANCE_LEN - 1);
	return -EINVAL;
}

static int detach(const char *name)
{
	struct xv_err err = {.text = ""};
	bool found = false;

	if (xv_detach(name, &found, &err)) {
		xv_log_end(err.text);
		return EXIT_FAILURE;
	}
	if (!found)
		printf("nothing to remove: instance \"%s\" has left nothing here\n", name);
	return xv_output_close("xvtepd", EXIT_SUCCESS);
}

static void reload(void *arg)
{
	struct reloading *r = arg;
	struct xv_instance *inst = r->inst;
	struct xv_err err = {.text = ""};
	size_t changes = 0;

	r->waits = false;
	if (xv_instance_reload(inst, &changes, &err))
		xv_log(LOG_ERR, "reload: %s", err.text);
	else
		xv_log(LOG_NOTICE, "reloaded %s: %zu changes", xv_instance_file(inst), changes);
}

/* All SIGHUPs that come during a reload cause one more reload. */
static void on_hup(evutil_socket_t sig, short what, void *arg)
{
	struct reloading *r = arg;

	(void)sig;
	(void)what;
	if (r->waits)
		return;
	r->waits = true;
	if (xv_turn_begin(r->base, reload, r)) {
		r->waits = false;
		xv_log(LOG_ERR, "reload: out of memory");
	}
}

static void on_quit(evutil_socket_t sig, short what, void *arg)
{
	(void)sig;
	(void)what;
	event_base_loopbreak(arg);
}

/* Warns now if a reload will not be able to read the configuration file. */
static void check_file(const struct xv_instance *inst)
{
	if (access(xv_instance_file(inst), R_OK))
		xv_log(LOG_WARNING,
		       "%s: a reload will not be able to read it: %s; xvtepd reads the files of "
		       "others only at its start: chown it to root, or let all read it",
		       xv_instance_file(inst), strerror(errno));
}

/* Drops the privileges that only the start needed, and then starts the threads. */
static int settle_down(struct xv_instance *inst)
{
	struct xv_err err = {.text = ""};
	int ret = xv_privileges_drop(&err);

	ret = ret ?: xv_instance_run(inst, &err);
	if (ret)
		xv_log(LOG_ERR, "%s; not serving. Forwarding goes on as it is", err.text);
	else
		check_file(inst);
	return ret;
}

/*
 * Asks for a short time slice. Turns of the event loop are short, and a new MAC is learned in the
 * next turn. With a short slice a process that wakes up runs before one with a longer slice; its
 * share of the CPU stays the same. Needs Linux 6.12; older kernels ignore it. A real-time policy
 * that somebody has set stays.
 */
static void shorten_slice(void)
{
	struct sched_attr attr = {};

	if (syscall(SYS_sched_getattr, 0, &attr, sizeof(attr), 0) ||
	    attr.sched_policy != SCHED_NORMAL)
		return;
	attr.sched_runtime = SLICE_NS;
	if (syscall(SYS_sched_setattr, 0, &attr, 0))
		xv_log(LOG_INFO, "cannot ask for a short time slice: %s", strerror(errno));
}

/*
 * Blocks or unblocks a signal: one that comes during the start must wait, as it would end the
 * process half-way.
 */
static void hold(int how, int sig)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	sigprocmask(how, &set, NULL);
}

static int serve(struct xv_instance *inst, struct event_base *base)
{
	struct reloading reloading = {.inst = inst, .base = base};
	struct event *hup = evsignal_new(base, SIGHUP, on_hup, &reloading);
	struct event *term = evsignal_new(base, SIGTERM, on_quit, base);
	struct event *intr = evsignal_new(base, SIGINT, on_quit, base);
	int ret = EXIT_FAILURE;

	if (hup && term && intr && !event_add(hup, NULL) && !event_add(term, NULL) &&
	    !event_add(intr, NULL)) {
		hold(SIG_UNBLOCK, SIGHUP);
		hold(SIG_UNBLOCK, SIGTERM);
		hold(SIG_UNBLOCK, SIGINT);
		shorten_slice();
		if (!settle_down(inst)) {
			xv_log(LOG_NOTICE, "running");
			ret = event_base_dispatch(base) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
			xv_log(LOG_NOTICE, "stopping; forwarding goes on");
		}
	}
	if (hup)
		event_free(hup);
	if (term)
		event_free(term);
	if (intr)
		event_free(intr);
	return ret;
}

static int run(struct xv_config *config, const char *file)
{
	struct event_base *base = event_base_new();
	struct xv_instance *inst = NULL;
	struct xv_err err = {.text = "out of memory"};
	int ret = EXIT_FAILURE;

	hold(SIG_BLOCK, SIGTERM);
	hold(SIG_BLOCK, SIGINT);
	if (!base || xv_privileges_bound(&err) ||
	    xv_instance_start(config, file, base, &inst, &err)) {
		xv_log_end(err.text);
		xv_config_free(config);
	} else {
		ret = serve(inst, base);
		xv_instance_stop(inst);
	}
	if (base)
		event_base_free(base);
	return ret;
}

/*
 * Makes malloc() return the memory of a large request to the system when it is freed. By default it
 * keeps up to 64 MiB.
 */
static void bound_memory(void)
{
	mallopt(M_MMAP_THRESHOLD, KEEP_MAX);
	mallopt(M_TRIM_THRESHOLD, KEEP_MAX);
}

int main(int argc, char **argv)
{
	struct options o = {};
	struct xv_config *config = NULL;
	struct xv_err err = {.text = ""};
	int ret;

	hold(SIG_BLOCK, SIGHUP);
	xv_output_open();
	ret = parse_options(argc, argv, &o);
	if (ret >= 0)
		return ret;
	bound_memory();
	if (o.instance && check_name(o.instance))
		return EXIT_USAGE;
	if (o.detach)
		return detach(o.instance ?: "default");
	if (xv_config_load(o.file, &config, &err)) {
		xv_log_end(err.text);
		return EXIT_FAILURE;
	}
	if (o.instance)
		snprintf(config->instance, sizeof(config->instance), "%s", o.instance);
	if (o.check) {
		xv_config_print(config, stdout);
		xv_config_free(config);
		return xv_output_close("xvtepd", EXIT_SUCCESS);
	}
	signal(SIGPIPE, SIG_IGN);
	xv_log_open(config->instance, o.verbose);
	return run(config, o.file);
}
