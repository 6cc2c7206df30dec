# SPDX-License-Identifier: GPL-2.0-only
"""Which pinned and loaded maps there are, by bpf(2): bpftool costs a process for each look."""
import ctypes
import os
import platform

BPF_OBJ_GET, BPF_MAP_GET_FD_BY_ID = 7, 14
BPF = {"x86_64": 321, "aarch64": 280, "riscv64": 280}[platform.machine()]
libc = ctypes.CDLL(None, use_errno=True)


def bpf(command, first):
    """A command whose attributes after the first are 0. Returns a descriptor; raises OSError."""
    attr = (ctypes.c_uint64 * 16)(first)
    fd = libc.syscall(BPF, command, attr, ctypes.sizeof(attr))
    if fd < 0:
        raise OSError(ctypes.get_errno(), f"bpf({command})")
    return fd


def map_id(path):
    """The id of the map that is pinned there, None if it is something else."""
    text = ctypes.create_string_buffer(path.encode())
    fd = bpf(BPF_OBJ_GET, ctypes.addressof(text))
    try:
        with open(f"/proc/self/fdinfo/{fd}", encoding="ascii") as f:
            lines = dict(line.split(":", 1) for line in f if ":" in line)
        return int(lines["map_id"]) if "map_id" in lines else None
    finally:
        os.close(fd)


def map_exists(number):
    try:
        os.close(bpf(BPF_MAP_GET_FD_BY_ID, number))
        return True
    except FileNotFoundError:
        return False
