/* SPDX-License-Identifier: GPL-2.0-only */
/* Parses the lines and stages their entries: see load.h. load.c adds the entries. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "addr.h"
#include "args.h"
#include "model/foreign.h"
#include "model/mac_table.h"
#include "sources/call.h"
#include "sources/load_lines.h"
#include "grow.h"
#include "words.h"

enum {
	WORDS = 16,  /* words in a line; fdb add takes fewer */
	BEHIND = 16, /* entries are checked when so many more have been staged */
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/*
 * Splits a line into words, up to a comment. Returns the number of words, at most max + 1; argv has
 * room for max.
 */
static int split(char *p, char *argv[], int max)
{
	int n = 0;

	for (;;) {
		while (is_blank(*p))
			p++;
		if (!*p || *p == '#')
			return n;
		if (n == max)
			return max + 1;
		argv[n++] = p;
		while (*p && !is_blank(*p))
			p++;
		if (*p)
			*p++ = '\0';
	}
}

/*
 * The network of a word that an earlier line has; NULL: the word is new. A search by
 * xv_call_network() would compare the names one by one.
 */
static struct xv_network *find_network(struct xv_load *load, const char *word)
{
	struct load_name *name;
	size_t len = strlen(word);

	if (load->last && !strcmp(load->last->word, word))
		return load->model->by_bd[load->last->bd];
	HASH_FIND(hh, load->names, word, len, name);
	if (!name)
		return NULL;
	load->last = name;
	return load->model->by_bd[name->bd];
}

static void remember_network(struct xv_load *load, const char *word, const struct xv_network *net)
{
	struct load_name *name;
	size_t len = strlen(word);

	if (len >= sizeof(name->word))
		return;
	HASH_FIND(hh, load->names, word, len, name);
	if (!name) {
		name = calloc(1, sizeof(*name));
		if (!name)
			return;
		memcpy(name->word, word, len);
		HASH_ADD(hh, load->names, word, len, name);
	}
	name->bd = net->bd;
}

/*
 * Index in load->remotes of an address, which is added with `add`. -ENOENT: not found; -ENOSPC: too
 * many.
 */
static int find_remote(struct xv_load *load, const struct xv_ip *ip, bool add)
{
	struct load_remote *r;

	HASH_FIND(hh, load->by_ip, ip, sizeof(*ip), r);
	if (r)
		return r - load->remotes;
	if (!add)
		return -ENOENT;
	if (load->n_remotes == XV_MAX_PEERS)
		return -ENOSPC;
	r = &load->remotes[load->n_remotes];
	*r = (struct load_remote){.ip = *ip, .line = load->line};
	HASH_ADD(hh, load->by_ip, ip, sizeof(r->ip), r);
	return load->n_remotes++;
}

static bool plain_remote(struct xv_load *load, const char *word, struct xv_bulk_put *put)
{
	struct xv_ip ip;
	int remote;

	if (xv_ip_parse(word, &ip))
		return false;
	remote = find_remote(load, &ip, false);
	if (remote < 0)
		return false;
	put->kind = XV_FDB_PEER;
	put->dst = remote;
	return true;
}

static bool plain_port(struct xv_load *load, const char *dev, const char *vlan_word,
		       struct xv_bulk_put *put)
{
	const struct xv_port *port;
	uint32_t vlan = 0;

	if (vlan_word && xv_uint_parse(vlan_word, 0, UINT16_MAX, &vlan))
		return false;
	port = xv_port_find(load->model, dev, vlan);
	if (!port || port->net->bd != put->key.bd)
		return false;
	put->kind = XV_FDB_PORT;
	put->dst = port->id;
	return true;
}

/*
 * Parses the most frequent forms quickly: MAC network N, then remote A or dev D [vlan V], then
 * perhaps sticky. False if anything is unusual or wrong: read_words() then parses the line by the
 * grammar, and makes the error message.
 */
static bool read_plain(struct xv_load *load, char *const argv[], int argc, struct xv_bulk_put *put)
{
	struct xv_network *net;
	bool sticky = argc > 5 && !strcmp(argv[argc - 1], "sticky"), vlan;

	argc -= sticky;
	vlan = argc == 7 && !strcmp(argv[5], "vlan");
	if ((argc != 5 && !vlan) || strcmp(argv[1], "network") ||
	    xv_mac_parse(argv[0], put->key.mac) || !xv_mac_is_unicast(put->key.mac))
		return false;
	net = find_network(load, argv[2]);
	if (!net)
		return false;
	put->key.bd = net->bd;
	put->flags = sticky ? XV_FDB_STICKY : 0;
	if (!strcmp(argv[3], "dev"))
		return plain_port(load, argv[4], vlan ? argv[6] : NULL, put);
	return !vlan && !strcmp(argv[3], "remote") && plain_remote(load, argv[4], put);
}

/* Parses the words that follow "xvtep fdb add" by the grammar. */
static int read_words(struct xv_load *load, char *argv[], int argc, struct xv_bulk_put *put,
		      struct xv_err *err)
{
	struct xv_request request;
	struct xv_entry_args entry;
	struct xv_call call = {.model = load->model};
	int ret;

	ret = xv_words_parse(argc, argv, &request, err);
	if (ret)
		return ret;
	call.command = request.command;
	call.args = request.args;
	ret = xv_call_entry(&call, &entry);
	if (!ret) {
		remember_network(load, xv_args_text(request.args, "network"), entry.net);
		memcpy(put->key.mac, entry.mac, sizeof(put->key.mac));
		put->key.bd = entry.net->bd;
		put->kind = entry.port ? XV_FDB_PORT : XV_FDB_PEER;
		put->flags = entry.sticky ? XV_FDB_STICKY : 0;
		ret = entry.port ? (int)entry.port->id : find_remote(load, &entry.remote, true);
	}
	xv_request_free(&request);
	if (ret >= 0)
		put->dst = ret;
	else if (!*call.err.text)
		xv_err_set(&call.err, ret, "there are more than %u remotes, which is the limit",
			   XV_MAX_PEERS - 1);
	if (ret < 0)
		*err = call.err;
	return ret < 0 ? ret : 0;
}

/* Refuses an entry that fdb add would refuse now. Counts those that are not in the FDB yet. */
static int check_free(struct xv_load *load, const struct xv_bulk_put *put, struct xv_err *err)
{
	const struct xv_network *net = load->model->by_bd[put->key.bd];
	struct xv_fdb_word word;
	struct xv_fdb_val val;
	char text[XV_MAC_STRLEN];
	bool taken = false;

	if (xv_table_lookup(load->model->macs->table, xv_fdb_entry_word(&put->key), &word)) {
		load->n_new++;
		if (load->extra && !xv_foreign_get(load->model, &put->key, &val))
			taken = val.flags & XV_FDB_STATIC;
	} else {
		taken = word.val.flags & XV_FDB_STATIC;
	}
	if (!taken || load->replace)
		return 0;
	return xv_err_set(err, -EEXIST, "%s:%u: %s has a static entry in \"%s\" already",
			  load->file, put->line, xv_mac_format(put->key.mac, text),
			  net ? net->set.name : "");
}

/* Checks the staged entries except the last `behind`, whose buckets are being prefetched. */
static int check_staged(struct xv_load *load, size_t behind, struct xv_err *err)
{
	int ret = 0;

	while (!ret && load->checked + behind < load->n)
		ret = check_free(load, &load->puts[load->checked++], err);
	return ret;
}

static int stage(struct xv_load *load, const struct xv_bulk_put *put, struct xv_err *err)
{
	if (load->n == XV_MAX_FDB)
		return xv_err_set(err, -ENOSPC,
				  "there are more than %u entries, which is the limit", XV_MAX_FDB);
	if (xv_grow(&load->puts, load->n, &load->room, sizeof(*load->puts)))
		return xv_err_set(err, -ENOMEM, "out of memory");
	load->puts[load->n++] = *put;
	xv_table_prefetch(load->model->macs->table, xv_fdb_entry_word(&put->key));
	return 0;
}

static int read_line(struct xv_load *load, char *text, size_t len, struct xv_err *err)
{
	char *argv[2 + WORDS] = {"fdb", "add"};
	struct xv_bulk_put put = {.line = ++load->line};
	int argc, ret = 0;

	if (len > XV_LOAD_LINE)
		ret = xv_err_set(err, -EINVAL, "a line has at most %d bytes", XV_LOAD_LINE);
	else if (strlen(text) != len)
		ret = xv_err_set(err, -EINVAL, "a NUL byte: is this a text file?");
	argc = ret ? 0 : split(text, argv + 2, WORDS);
	if (argc > WORDS)
		ret = xv_err_set(err, -EINVAL, "more words than \"fdb add\" takes");
	else if (argc && !read_plain(load, argv + 2, argc, &put))
		ret = read_words(load, argv, argc + 2, &put, err);
	if (!ret && argc)
		ret = stage(load, &put, err);
	if (!ret)
		return check_staged(load, BEHIND, err);
	xv_err_prefix(err, ret, "%s:%u", load->file, load->line);
	return check_staged(load, 0, err) ?: ret; /* an earlier wrong line is reported first */
}

/* Appends text to the unfinished line at the end of the previous piece. */
static void keep(struct xv_load *load, const char *text, size_t len)
{
	size_t room = sizeof(load->rest) - 1 - load->n_rest;

	/* One byte beyond the limit is enough for the line to be refused. */
	if (len > room)
		len = room;
	memcpy(load->rest + load->n_rest, text, len);
	load->n_rest += len;
	load->rest[load->n_rest] = '\0';
}

int xv_load_end(struct xv_load *load, struct xv_err *err)
{
	size_t len = load->n_rest;
	int ret = 0;

	load->n_rest = 0;
	if (len)
		ret = read_line(load, load->rest, len, err);
	return ret ?: check_staged(load, 0, err);
}

int xv_load_text(struct xv_load *load, char *text, size_t len, struct xv_err *err)
{
	char *end = text + len, *newline;
	int ret = 0;

	for (; !ret && text < end; text = newline + 1) {
		newline = memchr(text, '\n', end - text);
		if (!newline) {
			keep(load, text, end - text);
			return load->n_rest > XV_LOAD_LINE ? xv_load_end(load, err) : 0;
		}
		*newline = '\0';
		if (!load->n_rest) {
			ret = read_line(load, text, newline - text, err);
			continue;
		}
		keep(load, text, newline - text);
		len = load->n_rest;
		load->n_rest = 0;
		ret = read_line(load, load->rest, len, err);
	}
	return ret;
}

struct xv_load *xv_load_new(struct xv_model *model, struct xv_load **list, const char *file,
			    bool replace)
{
	struct xv_load *load = calloc(1, sizeof(*load));

	if (!load)
		return NULL;
	load->model = model;
	load->list = list;
	load->replace = replace;
	load->extra = xv_foreign_any(model);
	load->file = strdup(file);
	load->remotes = malloc(XV_MAX_PEERS * sizeof(*load->remotes));
	if (load->file && load->remotes)
		return load;
	xv_load_free(load);
	return NULL;
}

void xv_load_free(struct xv_load *load)
{
	struct load_name *name, *tmp;

	if (!load)
		return;
	HASH_CLEAR(hh, load->by_ip);
	HASH_ITER (hh, load->names, name, tmp) {
		HASH_DEL(load->names, name);
		free(name);
	}
	xv_bulk_free(load->bulk);
	if (load->next_step)
		event_free(load->next_step);
	free(load->remotes);
	free(load->puts);
	free(load->file);
	free(load);
}
