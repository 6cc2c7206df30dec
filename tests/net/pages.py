# SPDX-License-Identifier: GPL-2.0-only
"""
The README and the pages of docs/: their blocks, the commands in them, and what a reader can check
without running them: that commands, targets, options, paths and links exist.

The first word after a fence says what a block is: `sh` commands, `yaml` a configuration or a part
of one, `text` what a program prints. `sh run` is run by test_docs.py on the first of two hosts,
`sh run on b` on the second, `sh run both` on each, with the addresses exchanged. A `text` that
follows at once is what it prints; a line `...` in it stands for any lines.
"""
import functools
import glob
import os
import re
import shlex
import shutil
import subprocess
import tempfile

from lab import OUT, TOP
from tap import SLOW

KINDS = {"sh", "yaml", "text"}
HOSTS = {(): "", ("run",): "a", ("run", "on", "b"): "b", ("run", "both"): "ab"}
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.M | re.S)
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(r"(?:bpf|docs|headers|tests|tools|user)/[\w@./-]*")
BETWEEN = {"|", "||", "&&", ";", "&"}
REDIRECTS = {">", ">>", "<", "<<", ">&", "<&"}
BUILTINS = {"cd", "printf", "export"}
VERBS = {"enable", "disable", "start", "stop", "restart", "reload", "daemon-reload", "status"}
SBIN = os.environ.get("PATH", "") + ":/usr/local/sbin:/usr/sbin:/sbin"


class Block:
    """A fenced block. kind, hosts: see above; line: of its fence."""

    def __init__(self, page, match):
        self.page, self.text = page, match.group(2)
        self.line = page.text.count("\n", 0, match.start()) + 1
        words = match.group(1).split() or [""]
        self.kind, marks = words[0], tuple(words[1:])
        self.known = self.kind in KINDS and marks in HOSTS and (self.kind == "sh" or not marks)
        self.hosts = HOSTS.get(marks, "")
        self.prints = None  # what it must print, if the page says

    def prints_so(self, said):
        """Whether that is what the page says it prints."""
        wanted = re.escape(self.prints).replace(re.escape("...\n"), "(?:.*\n)*")
        return re.fullmatch(wanted, said)

    def __str__(self):
        return f"{self.page.name}:{self.line}"


class Page:
    """A page by its name in the repository; text: instead of the file's."""

    def __init__(self, name, text=None):
        self.name = name
        if text is None:
            with open(f"{TOP}/{name}", encoding="utf-8") as f:
                text = f.read()
        self.text = text
        self.blocks = [Block(self, m) for m in FENCE.finditer(text)]
        for block, following in zip(self.blocks, self.blocks[1:]):
            if block.hosts and following.kind == "text":
                block.prints = following.text
        self.prose = FENCE.sub(lambda m: "\n" * m.group(0).count("\n"), text)

    def anchors(self):
        """The names by which headings can be linked to, as GitHub makes them."""
        heads = re.findall(r"^#+ (.*)$", self.prose, re.M)
        return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in heads}

    def of_quick_start(self):
        """Whether its commands are for the hosts of the README's quick start."""
        return self.name == "README.md" or "README.md#quick-start" in self.text

    def faults(self):
        """What a reader would stumble over, as texts."""
        for block in self.blocks:
            if not block.known:
                yield f"{block}: a block has to say what it is: {', '.join(sorted(KINDS))}"
            elif block.kind == "sh":
                yield from (f"{block}: {' '.join(words)}: {fault}"
                            for words in commands(block.text) for fault in command_faults(words))
            elif block.kind == "yaml":
                yield from (f"{block}: {fault}" for fault in yaml_faults(block.text))
        for number, line in enumerate(self.prose.split("\n"), 1):
            for text in INLINE.findall(line):
                yield from (f"{self.name}:{number}: `{text}`: {f}" for f in inline_faults(text))
            for target in LINK.findall(line):
                yield from (f"{self.name}:{number}: {f}" for f in self.link_faults(target))

    def link_faults(self, target):
        path, _, anchor = target.partition("#")
        if "://" in target:
            return
        name = os.path.normpath(os.path.join(os.path.dirname(self.name), path)) if path \
            else self.name
        if not os.path.exists(f"{TOP}/{name}"):
            yield f"link to {target}: there is no {name}"
        elif anchor and anchor not in Page(name).anchors():
            yield f"link to {target}: {name} has no such heading"


def pages():
    return [Page("README.md")] + [Page(os.path.relpath(p, TOP))
                                  for p in sorted(glob.glob(f"{TOP}/docs/*.md"))]


def without_documents(text):
    """The lines of a script, without the bodies of here-documents."""
    end = None
    for line in text.replace("\\\n", " ").split("\n"):
        if end is None:
            found = re.search(r"<<(\w+)", line)
            end = found and found.group(1)
            yield line
        elif line == end:
            end = None


def commands(text):
    """The single commands of a script, each a list of words, without redirections."""
    for line in without_documents(text):
        lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
        lexer.whitespace_split = True
        words, skip = [], False
        for word in [*lexer, ";"]:
            if word in BETWEEN:
                if words:
                    yield words
                words = []
            elif word in REDIRECTS:
                skip = True
            elif skip:
                skip = False
            else:
                words.append(word)


def behind_prefixes(words):
    """The command that another one runs: behind sudo, settings, and what enters a namespace."""
    while words:
        if words[0] == "sudo" or re.match(r"\w+=", words[0]):
            words = words[1:]
        elif words[:3] == ["ip", "netns", "exec"]:
            words = words[4:]
        elif words[0] == "nsenter":
            words = words[2:]
        else:
            break
    return words


def command_faults(words):
    """What is wrong with a command: of a page's block, whole."""
    words = behind_prefixes(words)
    if not words:
        return
    if words[0] in OURS:
        yield from OURS[words[0]](words)
    elif "/" in words[0]:
        if not os.access(os.path.join(TOP, words[0]), os.X_OK):
            yield "there is no such program in the repository"
    elif words[0] not in BUILTINS and not shutil.which(words[0], path=SBIN):
        yield "there is no such command"
    yield from (f"there is no {w}" for w in words[1:] if PATH.fullmatch(w) and not exists(w))


def exists(path):
    return os.path.exists(os.path.join(TOP, path))


def xvtep_faults(words):
    """The tool checks its words before it looks for a daemon: here there is none."""
    with tempfile.TemporaryDirectory() as empty:
        p = subprocess.run([f"{OUT}/xvtep", *words[1:]], capture_output=True, text=True,
                           env={**os.environ, "XVTEP_RUN_DIR": empty}, stdin=subprocess.DEVNULL,
                           timeout=60, check=False)
    if p.returncode not in (0, 1):
        yield p.stderr.strip().split("\n")[0]


@functools.cache
def usage(program):
    return subprocess.run([f"{OUT}/{program}", "-h"], capture_output=True, text=True, timeout=60,
                          check=True).stdout


def xvtepd_faults(words):
    known = set(re.findall(r"--?[\w-]+", usage("xvtepd")))
    yield from (f"xvtepd has no {w}" for w in words[1:] if w.startswith("-") and w not in known)


@functools.cache
def targets():
    """What make knows how to make."""
    p = subprocess.run(["make", "-pqRr", "help"], cwd=TOP, capture_output=True, text=True,
                       timeout=30 * SLOW, check=False)
    return set(re.findall(r"^([\w-]+):(?!=)", p.stdout, re.M))


def make_faults(words):
    yield from (f"there is no target {w}" for w in words[1:]
                if "=" not in w and not w.startswith("-") and w not in targets())


def systemctl_faults(words):
    verb, *units = [w for w in words[1:] if not w.startswith("--")]
    if verb not in VERBS:
        yield f"systemctl {verb} is not known here"
    yield from (f"there is no unit {u}" for u in units if not u.startswith("xvtepd@"))


OURS = {"xvtep": xvtep_faults, "xvtepd": xvtepd_faults, "make": make_faults,
        "systemctl": systemctl_faults}


def inline_faults(text):
    """What is wrong with code in a sentence: there a command may go without its arguments."""
    words = behind_prefixes(text.split())
    if not words:
        return
    if words[0] == "xvtep" and re.search(rf"^  {re.escape(' '.join(words))}( |$)", usage("xvtep"),
                                         re.M):
        return
    if words[0] in OURS:
        yield from command_faults(list(next(commands(text))))
    elif PATH.fullmatch(words[0]) and not exists(words[0]):
        yield "there is no such path"


def yaml_faults(text):
    """xvtepd's own word on a configuration; on a part of one with what a file must have."""
    if not re.search(r"^underlay:", text, re.M):
        text = "underlay: {devices: [eth0], address: 192.0.2.1}\n" + text
    if not re.search(r"^networks:", text, re.M):
        text += "networks: []\n"
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as f:
        f.write(text)
        f.flush()
        p = subprocess.run([f"{OUT}/xvtepd", "-n", "-c", f.name], capture_output=True, text=True,
                           timeout=60, check=False)
    if p.returncode:
        yield p.stderr.strip()
