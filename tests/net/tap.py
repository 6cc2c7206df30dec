# SPDX-License-Identifier: GPL-2.0-only
"""
Test cases and their results in the Test Anything Protocol: plan, one line a case, reasons of a
failure as comments. A case is a function that returns, raises Skip, or raises anything else.

  test_x.py [-l] [WORD...]     -l lists cases; with words only those whose names hold one of them

Under software emulation all limits are SLOW times as long, and cases that would take too long are
skipped; the environment's SLOW overrides.
"""
import contextlib
import os
import signal
import sys
import time
import traceback

LIMIT = 60  # seconds a case may take
cases = []


def slowness():
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as f:
        emulated = "QEMU TCG" in f.read()
    return float(os.environ.get("SLOW", 10 if emulated else 1))


SLOW = slowness()


class Skip(Exception):
    """The case cannot run here; the text says what is missing."""


class Fail(AssertionError):
    """What is, is not what must be."""


class Over(Fail):
    """Fail, and waiting longer cannot change it."""


class Overtime(Exception):
    """The case took longer than its limit."""


def case(name, *args, limit=LIMIT, main=False, **kwargs):
    """
    Decorator: adds the function as a case, called with the arguments. May be stacked. Under
    emulation, where everything takes twenty times as long, only the main ones run.
    """
    def skipped():
        raise Skip("not a main case, and this is an emulated machine")

    def add(function):
        short = SLOW > 1 and not main
        cases.append((name, limit * SLOW,
                      skipped if short else lambda: function(*args, **kwargs)))
        return function
    return add


@contextlib.contextmanager
def part(name):
    """One of a case's scenarios: what fails in it says its name first."""
    try:
        yield
    except Skip:
        raise
    except Exception as e:
        e.args = (f"{name}: {e}",)
        raise


def equal(got, want, what):
    if got != want:
        raise Fail(f"{what}: got {got!r}, want {want!r}")


def ok(condition, what):
    if not condition:
        raise Fail(what)


def contains(text, word, what):
    if word not in text:
        raise Fail(f"{what}: {word!r} is not in {text!r}")


def wait_for(condition, what, limit=10):
    """Waits until condition() is true and returns its value. What it raises last is the reason."""
    end = time.monotonic() + limit * SLOW
    pause = 0.01
    while True:
        reason = None
        try:
            value = condition()
            if value:
                return value
        except (Skip, Over, Overtime):
            raise
        except Exception as e:  # pylint: disable=broad-except
            reason = e
        if time.monotonic() > end:
            raise Fail(f"not within {limit} s: {what}" + (f" ({reason})" if reason else ""))
        time.sleep(pause)
        pause = min(1.3 * pause, 0.1)  # to look often is work that other tests wait for


def comment(text):
    for line in str(text).splitlines():
        print(f"# {line}", flush=True)


def overtime(_number, _frame):
    raise Overtime("the case took longer than its limit")


def terminate(number, _frame):
    # Once only: the clean-up that follows must not be interrupted in turn.
    for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(s, signal.SIG_IGN)
    raise SystemExit(128 + number)


def run_one(number, name, limit, function):
    start = time.monotonic()
    signal.setitimer(signal.ITIMER_REAL, limit)
    try:
        function()
    except Skip as e:
        print(f"ok {number} - {name} # SKIP {e}", flush=True)
        return True
    except (KeyboardInterrupt, SystemExit):
        print(f"not ok {number} - {name} (interrupted)", flush=True)
        raise
    except BaseException as e:  # pylint: disable=broad-except
        print(f"not ok {number} - {name}", flush=True)
        comment(f"{type(e).__name__}: {e}")
        comment("".join(traceback.format_tb(e.__traceback__)[-3 if isinstance(e, Fail) else -6:]))
        return False
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    print(f"ok {number} - {name}", flush=True)
    comment(f"{time.monotonic() - start:.1f} s")
    return True


def main():
    words = [w for w in sys.argv[1:] if not w.startswith("-")]
    chosen = [c for c in cases if not words or any(w in c[0] for w in words)]
    if "-l" in sys.argv[1:]:
        print("\n".join(c[0] for c in chosen))
        return
    signal.signal(signal.SIGALRM, overtime)
    for s in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(s, terminate)
    print(f"1..{len(chosen)}", flush=True)
    good = [run_one(i + 1, *c) for i, c in enumerate(chosen)]
    sys.exit(0 if all(good) else 1)
