/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mutates valid configurations, always in the same way, and reads them: never a crash (build with
 * the sanitizers), a refusal always names the file, and what is accepted prints back as text that
 * reads to the same text. LLVMFuzzerTestOneInput() is libFuzzer's entry too (XV_LIBFUZZER).
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/config_file.h"
#include "config/config_print.h"

enum {
	RUNS = 20000,
	MAX_LEN = 4096,
};

static const char *const seeds[] = {
	"instance: lab-1\n"
	"underlay:\n"
	"  devices: [eth0, eth1]   # two\n"
	"  address: 192.0.2.1\n"
	"  address6: \"2001:db8::1\"\n"
	"  port: 4789\n"
	"  xdp: off\n"
	"  df: inherit\n"
	"  udp6-checksum: yes\n"
	"  ipsec: bypass\n"
	"  netfilter: respect\n"
	"  filters: ignore\n"
	"networks:\n"
	"  - vni: 100\n"
	"    name: blue\n"
	"    ports: [veth-blue, {dev: eth2, vlan: 10}]\n"
	"    learning: no\n"
	"    inner-vlan: keep\n"
	"    ageing: 0\n"
	"    max-macs: 4096\n"
	"    learn-rate: 1000\n"
	"    flood: [192.0.2.2, \"2001:db8::3\"]\n"
	"    fdb:\n"
	"      - {mac: \"02:00:00:00:00:0b\", remote: 192.0.2.2}\n"
	"      - mac: 02-00-00-00-00-0c\n"
	"        dev: eth2\n"
	"        vlan: 10\n"
	"  - {vni: 200, group: 239.1.1.1, ports: [{dev: eth2, vlan: 20}]}\n"
	"metrics: {listen: \"[::1]:9476\"}\n",

	"# short\n"
	"underlay: {devices: [eth0], address6: '2001:db8::1'}\n"
	"networks:\n"
	"- vni: 1\n"
	"  ports:\n"
	"  - a\n"
	"  - {dev: b, vlan: 4094}\n"
	"  flood:\n"
	"  - 2001:db8::2\n",
};

static const char *const words[] = {
	"{",
	"}",
	"[",
	"]",
	": ",
	", ",
	"- ",
	"\n",
	"\n  ",
	"\t",
	"\"",
	"'",
	"#",
	"&a ",
	"*a",
	"!t ",
	"? ",
	"| ",
	"> ",
	"---\n",
	"...\n",
	"%YAML 1.1\n",
	"~",
	"null",
	"0",
	"-1",
	"4095",
	"16777215",
	"16777216",
	"4294967296",
	"true",
	"off",
	"vni: ",
	"name: ",
	"ports: ",
	"flood: ",
	"fdb: ",
	"group: ",
	"dev: ",
	"vlan: ",
	"mac: ",
	"::",
	"0.0.0.0",
	"192.0.2.2",
	"\"\\0\"",
	"\"\\x80\"",
	"\xff",
	"\xc3\xa9",
	"\r\n",
	"\xe2\x80\xa8",
	"eth2",
	"a/b",
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	"\xef\xbb\xbf",
};

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* xorshift64*: the same everywhere. */
static uint64_t state = 0x78767465702d6366;

static uint32_t below(uint32_t n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (state * 0x2545f4914f6cdd1d >> 32) % n;
}

static unsigned int accepted;

static void die(const char *what, const char *text, size_t len)
{
	printf("not ok 1 - %s\n", what);
	fwrite(text, 1, len, stderr);
	exit(1);
}

static char *print(const struct xv_config *config, size_t *len)
{
	char *text = NULL;
	FILE *out;

	out = open_memstream(&text, len);
	if (!out)
		abort();
	xv_config_print(config, out);
	fclose(out);
	return text;
}

static void check_accepted(const struct xv_config *config, const char *text, size_t len)
{
	struct xv_config *again = NULL;
	struct xv_err err = {};
	size_t printed_len, reprinted_len;
	char *printed = print(config, &printed_len), *reprinted;

	if (xv_config_parse("printed", printed, printed_len, &again, &err))
		die(err.text, text, len);
	reprinted = print(again, &reprinted_len);
	if (printed_len != reprinted_len || memcmp(printed, reprinted, printed_len))
		die("prints differently the second time", text, len);
	free(printed);
	free(reprinted);
	xv_config_free(again);
	accepted++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct xv_config *config = NULL;
	struct xv_err err = {};
	char *text;

	/* A block of just this size, so that a byte read behind it is seen. */
	text = malloc(len ? len : 1);
	if (!text)
		abort();
	memcpy(text, data, len);
	if (!xv_config_parse("fuzz", text, len, &config, &err)) {
		check_accepted(config, text, len);
		xv_config_free(config);
	} else if (strncmp(err.text, "fuzz:", 5) || config) {
		die("refused without a place", text, len);
	}
	free(text);
	return 0;
}

static size_t insert(char *buf, size_t len, size_t at, const char *what, size_t n)
{
	if (len + n > MAX_LEN)
		return len;
	memmove(buf + at + n, buf + at, len - at);
	memcpy(buf + at, what, n);
	return len + n;
}

static size_t mutate(char *buf, size_t len)
{
	char copy[64];
	size_t at = below(len + 1), n;
	const char *word;

	switch (below(6)) {
	case 0: /* another byte */
		if (at < len)
			buf[at] = below(4) ? ' ' + below(95) : below(256);
		return len;
	case 1: /* one bit */
		if (at < len)
			buf[at] ^= 1 << below(8);
		return len;
	case 2: /* a piece less */
		n = below(16) + 1;
		n = n < len - at ? n : len - at;
		memmove(buf + at, buf + at + n, len - at - n);
		return len - n;
	case 3: /* a piece twice */
		n = below(sizeof(copy)) + 1;
		n = n < len - at ? n : len - at;
		memcpy(copy, buf + at, n);
		return insert(buf, len, below(len + 1), copy, n);
	case 4: /* cut */
		return below(8) ? len : at;
	default:
		word = words[below(N(words))];
		return insert(buf, len, at, word, strlen(word));
	}
}

#ifndef XV_LIBFUZZER
int main(void)
{
	static char buf[MAX_LEN];
	size_t len;
	int i, n;

	printf("1..1\n");
	for (i = 0; i < (int)N(seeds); i++)
		LLVMFuzzerTestOneInput((const uint8_t *)seeds[i], strlen(seeds[i]));
	if (accepted != N(seeds))
		die("a seed was refused", "", 0);
	for (i = 0; i < RUNS; i++) {
		len = strlen(seeds[i % N(seeds)]);
		memcpy(buf, seeds[i % N(seeds)], len);
		for (n = below(4) + 1; n > 0; n--)
			len = mutate(buf, len);
		LLVMFuzzerTestOneInput((const uint8_t *)buf, len);
	}
	if (accepted < RUNS / 20) /* or nothing has been said about printing */
		die("hardly any configuration was accepted", "", 0);
	printf("# %d configurations, %u accepted\n", RUNS, accepted);
	printf("ok 1 - fuzz_config\n");
	return 0;
}
#endif
