#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""
README.md and docs/ as a reader uses them: what they name exists, their configurations are valid,
and their commands (blocks `sh run`, see pages.py) work on two hosts, typed from top to bottom.
"""
import contextlib
import json
import os
import re
import subprocess
import tempfile

import box
import pages
import tap
from lab import PREFIX, TOP
from netns import run

WRONG = {  # text: words of the fault that has to be found
    "```\nls\n```\n": "say what it is",
    "```sh\nxvtep prot show\n```\n": "prot",
    "```sh\nxvtep fdb add 02:00:00:00:00:0b network blue remote\n```\n": "remote",
    "```sh\nsudo xvtepd --forget -i default\n```\n": "--forget",
    "```sh\ncd /; make nonsense\n```\n": "nonsense",
    "```sh\ntrue && no-such-command -x | cat\n```\n": "no-such-command",
    "```sh\nsudo tools/no-such-tool\n```\n": "no-such-tool",
    "```sh\nsystemctl start xvtep@default\n```\n": "xvtep@default",
    "```yaml\nnetworks:\n  - {vni: 100, nmae: blue}\n```\n": "nmae",
    "See `tests/no/such/file.c`.\n": "no such path",
    "See `xvtep dorps`.\n": "dorps",
    "See [there](docs/none.md).\n": "none.md",
    "See [there](#nowhere).\n": "nowhere",
}
LIMITS = {"networks": "XV_MAX_NETWORKS", "ports": "XV_MAX_PORTS", "peers": "XV_MAX_PEERS",
          "MAC addresses": "XV_MAX_FDB", "members of one flood list": "XV_MAX_FLOOD_LIST",
          "members of all flood lists": "XV_MAX_FLOOD", "underlay devices": "XV_MAX_UPLINKS"}
FROM_ONE = ("networks", "ports", "peers")  # 0 is none of them


@tap.case("every command, target, path, link and configuration in the pages exists", main=True)
def exists():
    faults = [fault for page in pages.pages() for fault in page.faults()]
    tap.equal(faults, [], "faults")


@tap.case("what does not exist is found")
def found():
    for text, word in WRONG.items():
        faults = list(pages.Page("README.md", text).faults())
        tap.equal(len(faults), 1, f"faults of {text!r}: {faults}")
        tap.contains(faults[0], word, f"the fault of {text!r}")


@tap.case("README: at most 150 lines of 120 columns")
def short():
    lines = pages.Page("README.md").text.split("\n")
    tap.ok(len(lines) <= 150, f"{len(lines)} lines")
    tap.equal([line for line in lines if len(line) > 120], [], "lines above 120 columns")


@tap.case("README: the limits are those of the maps")
def limits():
    with open(f"{TOP}/headers/xv_abi.h", encoding="utf-8") as f:
        header = f.read()
    rows = dict(re.findall(r"^\| ([\w ]+?) \| ([\d,]+)", pages.Page("README.md").text, re.M))
    for what, name in LIMITS.items():
        value = re.search(rf"\b{name} = ([\d< ]+)", header).group(1).split("<<")
        number = int(value[0]) << int(value[1]) if value[1:] else int(value[0])
        tap.equal(rows.get(what), f"{number - (what in FROM_ONE):,}", what)


@tap.case("README: the chart says what the table of docs/benchmark.md says")
def chart():
    p = subprocess.run([f"{TOP}/tools/figures", "--check"], capture_output=True, text=True,
                       check=False)
    tap.equal((p.returncode, p.stderr), (0, ""), "tools/figures --check")


@tap.case("tools/figures: a run's rows replace those of the table, and the chart follows")
def figures():
    row = {"name": "tcp-default-wire", "unit": "Gbit/s", "better": "more", "floor": None,
           "kernel": 10.0, "xvtep": 12.5, "ratio": 1.25, "ratio_interval": [1.2, 1.3],
           "ns_over_floor": None, "interval": {"kernel": [9, 11], "xvtep": [12, 13]},
           "valid": True, "bars": [{"what": "cpu_seconds_per_gb_ratio", "how": "<=", "limit": 1,
                                    "got": 0.8, "met": True}]}
    with tempfile.TemporaryDirectory() as tree:
        for name in ("README.md", "docs", "tools", "tests/bench"):
            os.makedirs(os.path.dirname(f"{tree}/{name}"), exist_ok=True)
            run("cp", "-r", f"{TOP}/{name}", f"{tree}/{name}")
        with open(f"{tree}/bench.json", "w", encoding="utf-8") as f:
            json.dump([row], f)
        before = table_of(f"{tree}/docs/benchmark.md")
        run(f"{tree}/tools/figures", f"{tree}/bench.json")
        after = table_of(f"{tree}/docs/benchmark.md")
        with open(f"{tree}/README.md", encoding="utf-8") as f:
            drawn = f.read()
    tap.equal(after["tcp-default-wire"],
              "Gbit/s - 10 ±10% 12.5 ±4% 1.25 ±4% - - cpu_seconds_per_gb_ratio 0.8 <= 1: met",
              "the new row")
    tap.equal({**after, "tcp-default-wire": ""}, {**before, "tcp-default-wire": ""}, "other rows")
    tap.contains(drawn, "One TCP stream, Gbit/s            10    12.5  ██████|██ 1.25\n", "TCP")
    tap.contains(drawn, "CPU for a gigabyte of TCP          1     0.8  ██████|██ 1.25\n", "CPU")


def table_of(path):
    """{row: its other cells} of a page's figures."""
    with open(path, encoding="utf-8") as f:
        block = re.search(r"<!-- figures.*?```text\n(.*?)```", f.read(), re.S).group(1)
    return dict(" ".join(line.split()).split(" ", 1) for line in block.splitlines())


def exchanged(text):
    """For the other host: .1 and .2 of all addresses, one for the other."""
    return re.sub(r"\b(192\.0\.2\.|10\.0\.0\.)([12])\b",
                  lambda m: m.group(1) + str(3 - int(m.group(2))), text)


def type_in(block, hosts):
    """Runs a block where it belongs; what fails is named with its place."""
    for name in block.hosts:
        text = exchanged(block.text) if (name, block.hosts) == ("b", "ab") else block.text
        # A shell ends at the first failure, but not at one before "&&".
        p = hosts[name].script(text.replace(" && ", "\n"), check=False)
        said = f"{p.stdout[-500:]}\n{p.stderr[-500:]}".strip()
        tap.equal(p.returncode, 0, f"{block} on host {name}: {text}: {said}: exit status")
        if block.prints is not None:
            tap.ok(block.prints_so(p.stdout), f"{block} on host {name} prints {p.stdout}")


@contextlib.contextmanager
def two_hosts():
    """{"a": box, "b": box}, as the README has them before its quick start."""
    hosts = {}
    try:
        for name in "ab":
            hosts[name] = box.Box(name)
        box.cable(hosts["a"], hosts["b"])
        yield hosts
    finally:
        for host in hosts.values():
            host.close()


def typed(page):
    """All blocks of a page, on hosts as the page has them."""
    with two_hosts() as hosts:
        if page.of_quick_start() and page.name != "README.md":
            for block in pages.Page("README.md").blocks:
                if block.hosts == "ab":
                    type_in(block, hosts)
        for block in page.blocks:
            type_in(block, hosts)


def add(page):
    @tap.case(f"{page.name}: its commands, one after the other", limit=120)
    def _():
        typed(page)


for one in pages.pages():
    if any(block.hosts for block in one.blocks):
        add(one)


@tap.case("a command that ends or prints otherwise than its page says is found")
def fails():
    good = "```sh run\necho 1; echo 2\n```\n```text\n...\n2\n```\n"
    with two_hosts() as hosts:
        for text in ("false | cat", "false && true\ntrue", "echo 1\n```\n\n```text\n2"):
            page = pages.Page("docs/none.md", f"{good}```sh run on b\n{text}\n```\n")
            type_in(page.blocks[0], hosts)
            try:
                type_in(page.blocks[2], hosts)
            except tap.Fail as e:
                tap.contains(str(e), "docs/none.md:8 on host b", "where")
            else:
                raise tap.Fail(f"nothing was found in {text!r}")


@tap.case("what ran in boxes leaves nothing on this machine")
def nothing_left():
    name = f"{PREFIX}{os.getpid()}-box"
    files = [f"{where}/{name}" for where in ("/etc", "/run", "/usr/local", "/run/netns",
                                             "/sys/fs/bpf")]
    host = box.Box("one")
    host.script(f"ip netns add {name}\ntouch {' '.join(files[:3])}\nmkdir {files[4]}")
    host.script("test -e " + " -a -e ".join(files))
    host.close()
    tap.equal([f for f in files if os.path.exists(f)], [], "files")
    tap.ok(not os.path.exists(f"/proc/{host.pid}"), "its first process has ended")


if __name__ == "__main__":
    tap.main()
