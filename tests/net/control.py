# SPDX-License-Identifier: GPL-2.0-only
"""
Questions on the control socket, as xvtep asks them. Tests look many times a second, and a process
for each look would cost more than the look.
"""
import json
import socket

from tap import SLOW


class Refused(Exception):
    """No daemon answers, or it says no."""


def ask(path, object_):
    """{table: its rows} of `xvtep OBJECT show`, from the daemon that listens at path."""
    tables = {}
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(10 * SLOW)
        try:
            s.connect(path)
        except OSError as e:
            raise Refused(f"no daemon answers at {path}: {e}") from e
        s.sendall(json.dumps({"object": object_, "command": "show", "args": {}}).encode() + b"\n")
        for line in s.makefile(encoding="utf-8"):
            answer = json.loads(line)
            if not answer["ok"]:
                raise Refused(answer["error"])
            tables.setdefault(answer["table"], []).extend(answer["data"])
            if not answer.get("more"):
                return tables
    raise Refused(f"{path}: the answer ends in the middle")
