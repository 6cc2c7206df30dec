# SPDX-License-Identifier: GPL-2.0-only
"""
What a row's rounds say. In each round every contender has one slice, so that a quotient is of two
slices that are a fraction of a second apart: what the hypervisor takes for longer than that hits
both alike, what it takes for less widens the interval. The figure of a quotient is the median over
the rounds, with the distribution-free confidence interval of a median.
"""
from statistics import median

CONFIDENCE = 0.95


class Figure:
    """A median and where the true one is, with CONFIDENCE; of few values: between the extremes."""

    def __init__(self, values):
        ordered = sorted(values)
        rank = interval_rank(len(ordered))
        self.median = median(ordered)
        self.low, self.high = ordered[rank], ordered[-1 - rank]
        tail = len(ordered) // 10
        self.spread = (ordered[tail], ordered[-1 - tail])
        self.rounds = len(ordered)

    def uncertainty(self):
        """Half the interval's width, as a share of the median."""
        return (self.high - self.low) / 2 / self.median if self.median else 0.0

    def json(self):
        return [digits(self.low), digits(self.high)]


def digits(value):
    """Rounded to what is worth printing."""
    return float(f"{value:.4g}") if abs(value) < 1e4 else round(value)


def interval_rank(n):
    """
    The largest k such that the median lies between the k-th and the k-th last of n ordered values
    (from 0) with CONFIDENCE: P(fewer than k + 1 of n fair coins are heads) is half of what is left.
    """
    tail, term, k = 0.0, 0.5 ** n, -1
    for i in range(n // 2):
        tail += term
        if tail > (1 - CONFIDENCE) / 2:
            break
        k = i
        term *= (n - i) / (i + 1)
    return max(k, 0)


def quotient(above, below):
    """Figure of above/below, round by round; None without both."""
    pairs = [a / b for a, b in zip(above or (), below or ()) if b]
    return Figure(pairs) if pairs else None


def halves_differ(above, below):
    """By how much the quotient moved from the first half of the rounds to the second."""
    n = min(len(above), len(below)) // 2
    if n < 5:
        return 0.0
    first, second = quotient(above[:n], below[:n]), quotient(above[n:], below[n:])
    if first.low <= second.high and second.low <= first.high:
        return 0.0  # the intervals overlap
    return abs(first.median - second.median) / first.median
