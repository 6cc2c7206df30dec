# SPDX-License-Identifier: GPL-2.0-only
"""
bpf(2), for what Debian 12's tools cannot do, and for what tests look at so often that a process of
bpftool for each look would cost too much.
"""
import ctypes
import os
import platform
import struct

from netns import libc

SYS_BPF = {"x86_64": 321, "aarch64": 280, "riscv64": 280}[platform.machine()]
MAP_LOOKUP_ELEM, MAP_GET_NEXT_KEY = 1, 4  # enum bpf_cmd
OBJ_GET, PROG_ATTACH, PROG_DETACH, MAP_GET_FD_BY_ID, LINK_CREATE = 7, 8, 9, 14, 28


def bpf(command, layout, *values):
    """The system call, with attributes as struct packs them. A file descriptor, or 0."""
    attributes = ctypes.create_string_buffer(struct.pack(layout, *values), 128)
    ret = libc.syscall(SYS_BPF, command, attributes, 128)
    if ret < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return ret


def get(pin):
    """What is pinned there."""
    path = ctypes.create_string_buffer(pin.encode())
    return bpf(OBJ_GET, "=Q", ctypes.addressof(path))


def about(fd):
    """What the kernel says of an open map, program or link: {word: text}."""
    with open(f"/proc/self/fdinfo/{fd}", encoding="ascii") as f:
        return dict(line.split(":", 1) for line in f if ":" in line)


def map_id(pin):
    """The id of the map that is pinned there, None if it is something else."""
    fd = get(pin)
    try:
        return int(about(fd).get("map_id", 0)) or None
    finally:
        os.close(fd)


def link_ids(pin):
    """The id of the link that is pinned there, and that of its program."""
    fd = get(pin)
    try:
        words = about(fd)
        return int(words["link_id"]), int(words["prog_id"])
    finally:
        os.close(fd)


def map_entries(pin, keys=None):
    """{key: value} of the map that is pinned there, in bytes; of these keys, or of all."""
    fd = get(pin)
    try:
        sizes = about(fd)
        key, value = (ctypes.create_string_buffer(int(sizes[f"{part}_size"]))
                      for part in ("key", "value"))
        key_at, value_at, found = ctypes.addressof(key), ctypes.addressof(value), {}
        if keys is None:
            keys = next_keys(fd, key, key_at)
        for wanted in keys:
            key.raw = wanted
            try:
                bpf(MAP_LOOKUP_ELEM, "=IxxxxQQQ", fd, key_at, value_at, 0)
                found[wanted] = value.raw
            except FileNotFoundError:
                pass
        return found
    finally:
        os.close(fd)


def next_keys(fd, key, key_at):
    """The keys of a map, one after the other; key, a buffer, is at key_at."""
    at = 0  # before the first
    try:
        while True:
            bpf(MAP_GET_NEXT_KEY, "=IxxxxQQQ", fd, at, key_at, 0)
            yield key.raw
            at = key_at
    except FileNotFoundError:
        return


def map_exists(number):
    try:
        os.close(bpf(MAP_GET_FD_BY_ID, "=I", number))
        return True
    except FileNotFoundError:
        return False
