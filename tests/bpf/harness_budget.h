/* SPDX-License-Identifier: GPL-2.0-only */
/* tests/bpf/budget.txt: what a program may grow to. */
#ifndef HARNESS_BUDGET_H
#define HARNESS_BUDGET_H

struct hs_budget {
	unsigned int insns;   /* verified */
	unsigned int bytes;   /* translated */
	unsigned int percent; /* a row of `make prog-cost`: of what moving the frame costs */
};

/* All 0 if the name has no line. */
struct hs_budget hs_budget_of(const char *name);

#endif
