#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Negative controls of the lint: each rule about includes fails where a tree breaks it."""
import os
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests/net"))
import tap  # noqa: E402

SPDX = "/* SPDX-License-Identifier: GPL-2.0-only */\n"


def findings(files):
    """What the lint says of a tree that has these files of the daemon: {path: headers it includes}."""
    with tempfile.TemporaryDirectory() as top:
        for name in ("tools/lint", "tools/gen-reasons", ".clang-format"):
            os.makedirs(os.path.join(top, os.path.dirname(name)), exist_ok=True)
            shutil.copy(os.path.join(TOP, name), os.path.join(top, name))
        for name, headers in files.items():
            path = os.path.join(top, "user", name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as f:
                f.write(SPDX + "".join(h if h.endswith("\n") else f'#include "{h}"\n'
                                       for h in headers))
        p = subprocess.run([os.path.join(top, "tools/lint"), "-q"], capture_output=True, text=True,
                           check=False)
        lines = p.stdout.splitlines()
        tap.equal(p.returncode, 1 if lines else 0, "exit status")
        return lines


@tap.case("includes that point down", main=True)
def down():
    tap.equal(findings({
        "lib/err.h": [],
        "daemon/kernel/netlink.h": ["err.h"],
        "daemon/model/port.h": ["kernel/netlink.h", "err.h"],
        "daemon/serve/view.c": ["model/port.h"],
        "daemon/instance.c": ["serve/view.h", "model/port.h"],
    }), [], "findings")


@tap.case("an include that points up", main=True)
def up():
    tap.equal(findings({
        "daemon/kernel/netlink.c": ["model/port.h"],
        "daemon/model/port.h": [],
        "daemon/model/port.c": ["model/port.h", "serve/view.h"],
        "daemon/serve/view.h": [],
    }), [
        "user/daemon/kernel/netlink.c:2: kernel must not know user/daemon/model/port.h, "
        "which is above it",
        "user/daemon/model/port.c:3: model must not know user/daemon/serve/view.h, "
        "which is above it",
    ], "findings")


@tap.case("layers that are beside each other", main=True)
def beside():
    tap.equal(findings({"daemon/config/config.c": ["kernel/netns.h"], "daemon/kernel/netns.h": []}),
              ["user/daemon/config/config.c:2: config must not know user/daemon/kernel/netns.h, "
               "which is above it"], "findings")


@tap.case("a folder that is no layer", main=True)
def unknown():
    tap.equal(findings({"daemon/misc/thing.c": []}),
              ['user/daemon/misc/thing.c:1: "misc" is no layer of the daemon'], "findings")


@tap.case("the whole daemon and the library by name", main=True)
def lib():
    tap.equal(findings({"lib/row.c": ["instance.h"], "daemon/instance.h": []}),
              ["user/lib/row.c:2: lib must not know user/daemon/instance.h, which is above it"],
              "findings")


@tap.case("a circle of files, through a header and through a source", main=True)
def circle():
    tap.equal(findings({
        "daemon/model/peer.h": [],
        "daemon/model/peer.c": ["model/peer.h", "model/way.h"],
        "daemon/model/way.h": ["model/hop.h"],
        "daemon/model/hop.c": ["model/peer.h"],
        "daemon/model/hop.h": [],
        "daemon/model/port.c": ["model/peer.h"],
    }), ["user/daemon/model/hop.h:1: a circle of files: user/daemon/model/hop -> "
         "user/daemon/model/peer -> user/daemon/model/way -> user/daemon/model/hop"], "findings")


@tap.case("a circle of sources through a header that is none's", main=True)
def homes():
    tap.equal(findings({
        "daemon/serve/conn_internal.h": ["void xv_conn_close(void);\nvoid xv_load_drop(void);\n"],
        "daemon/serve/conn.c": ["serve/conn_internal.h",
                                "void xv_conn_close(void)\n{\n\txv_load_drop();\n}\n"],
        "daemon/serve/load.c": ["serve/conn_internal.h",
                                "void xv_load_drop(void)\n{\n\txv_conn_close();\n}\n"],
    }), [
        "user/daemon/serve/conn_internal.h:2: xv_conn_close() is not defined in "
        "user/daemon/serve/conn_internal.c",
        "user/daemon/serve/conn_internal.h:3: xv_load_drop() is not defined in "
        "user/daemon/serve/conn_internal.c",
    ], "findings")


@tap.case("a function that is declared where it is called", main=True)
def declared_in_source():
    tap.equal(findings({"client/show.c": ["void xv_help_print(const char *object);\n"]}),
              ["user/client/show.c:2: xv_help_print() is declared in no header"], "findings")


@tap.case("headers whose functions have a home, or need none", main=True)
def at_home():
    tap.equal(findings({
        "lib/err.h": [
            "#define SAY(x) say(x);\n/*\nint told(void);\n*/\ntypedef int (*teller)(int);\n"
            "int xv_err_set(int code, const char *fmt, ...) "
            "__attribute__((format(printf, 2, 3)));\n"
            "static inline int one(void)\n{\n\treturn 1;\n}\nstruct ops {\n"
            "\tint (*tell)(int code);\n};\nextern const struct ops *const ops;\n"],
        "lib/err.c": ["err.h", "static int first(void);\nint xv_err_set(int code, const char *fmt, "
                               "...)\n{\n\treturn code + first();\n}\n"],
    }), [], "findings")


if __name__ == "__main__":
    tap.main()
