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
OBJ_GET, PROG_ATTACH, PROG_DETACH, MAP_GET_FD_BY_ID, LINK_CREATE = 7, 8, 9, 14, 28  # enum bpf_cmd


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


def map_id(pin):
    """The id of the map that is pinned there, None if it is something else."""
    fd = get(pin)
    try:
        with open(f"/proc/self/fdinfo/{fd}", encoding="ascii") as f:
            lines = dict(line.split(":", 1) for line in f if ":" in line)
        return int(lines["map_id"]) if "map_id" in lines else None
    finally:
        os.close(fd)


def map_exists(number):
    try:
        os.close(bpf(MAP_GET_FD_BY_ID, "=I", number))
        return True
    except FileNotFoundError:
        return False
