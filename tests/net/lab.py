# SPDX-License-Identifier: GPL-2.0-only
"""
A lab: hosts as network namespaces around a router, so that the underlay crosses an L3 boundary, and
tenants behind ports of the hosts. Everything goes when the lab is closed, whatever happened; what a
VTEP then leaves behind fails the case.

  tenant eth0 ── port | host | under ── rN | router | rM ── under | host | port ── eth0 tenant

On the default wire a veth hands checksums on undone, which no NIC does; XDP frames cannot say so.
Where XDP redirects to ports, the wire has to be the NIC-like one.
"""
import fcntl
import functools
import glob
import itertools
import os
import shutil
import signal
import struct
import tempfile

import tap
from frame import Tap
from netns import CommandError, Netns, run

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
OUT = os.path.join(TOP, os.environ.get("XV_OUT", ".output"))  # what is tested
PREFIX = "xvn"
NIC_LIKE = ("tx", "off", "tso", "off", "gso", "off", "gro", "on")  # what a simple NIC can do
UNDER_MTU = 1600  # room for a tenant's 1500 bytes and the outer header
TUNSETIFF, IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x400454ca, 2, 0x1000, 0x4000
VNET_HDR = struct.Struct("=BBHHHH")  # struct virtio_net_hdr
FOREIGN = """
__attribute__((section("xdp"), used))
int foreign_pass(void *ctx) { return 2; }
__attribute__((section("tc"), used))
int foreign_drop(void *ctx) { return 2; }
char _license[] __attribute__((section("license"), used)) = "GPL";
"""
labs = itertools.count(1)


def vlan_device(ns, dev, on, vlan):
    try:
        ns.ip(f"link add {dev} link {on} type vlan id {vlan}", f"link set {dev} up")
    except CommandError as e:
        if "Unknown device type" in str(e):
            raise tap.Skip("this kernel has no VLAN devices") from e
        raise


class Tenant:
    """A tenant's machine: a namespace behind a veth, with addresses if it shall talk IP."""

    def __init__(self, host, port, ip=None, mac=None, ip6=None, gro=False, mtu=1500):
        self.host, self.port, self.dev = host, port, "eth0"
        self.mac = mac or host.lab.new_mac()
        self.ip = ip and ip.split("/")[0]
        self.ip6 = ip6 and ip6.split("/")[0]
        self.ns = host.lab.netns(f"{host.name}-{port}")
        host.ns.ip(f"link add {port} mtu {mtu} type veth"
                   f" peer name eth0 address {self.mac} mtu {mtu} netns {self.ns.path}",
                   *(() if gro else (f"link set {port} up",)))
        if gro:  # the port then takes XDP frames (ndo_xdp_xmit), if it was down
            self.ns.run("ethtool", "-K", "eth0", "gro", "on")
            host.ns.ip(f"link set {port} up")
        lines = ["link set eth0 up"]
        if ip:
            lines.append(f"addr add {ip if '/' in ip else ip + '/24'} dev eth0")
        if ip6:
            self.ns.sysctl("net.ipv6.conf.eth0.disable_ipv6", 0)
            lines.append(f"addr add {ip6 if '/' in ip6 else ip6 + '/64'} dev eth0 nodad")
        self.ns.ip(*lines)

    def tap(self):
        return self.host.lab.keep(Tap(self.ns, self.dev))

    def neigh(self, other):
        """Knows another tenant without asking."""
        self.ns.ip(f"neigh replace {other.ip} lladdr {other.mac} dev eth0 nud permanent")

    def ping(self, address, count=3, check=True):
        """Every one of count pings must be answered; returns how many were."""
        wait = 2 if check else 0.5 * tap.SLOW  # one that need not be answered may be sent again
        p = self.ns.run("ping", "-n", "-q", "-c", str(count), "-i", "0.005", "-W", str(wait), address,
                        check=False)
        words = p.stdout.split()
        got = int(words[words.index("received,") - 1]) if "received," in words else 0
        if check:
            tap.equal(got, count, f"{self.ns.name}: answers to ping {address}")
        if got < count:  # the next attempt shall ask anew, not wait for the failure of this one
            self.ns.run("ip", "neigh", "flush", "dev", "eth0", "nud", "incomplete", "nud", "failed")
        return got


class TapTenant:
    """
    A virtual machine's end of a tap: frames are written to and read from its descriptor. vnet_hdr:
    with a virtio_net header each, as QEMU has it.
    """

    def __init__(self, host, port, mac=None, vnet_hdr=False):
        self.host, self.port, self.name = host, port, f"{host.name}/{port}"
        self.mac = mac or host.lab.new_mac()
        with host.ns.inside():
            self.fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
            fcntl.ioctl(self.fd, TUNSETIFF,
                        struct.pack("16sH14x", port.encode(), IFF_TAP | IFF_NO_PI
                                    | (IFF_VNET_HDR if vnet_hdr else 0)))
        self.header = VNET_HDR.pack(0, 0, 0, 0, 0, 0) if vnet_hdr else b""
        host.ns.ip(f"link set {port} up")
        self.frames = []
        host.lab.keep(self)

    def tap(self):
        return self

    def send(self, data, header=None):
        os.write(self.fd, (header or self.header) + data)

    def fileno(self):
        return self.fd

    def drain(self):
        while True:
            try:
                self.frames.append(os.read(self.fd, 65536)[len(self.header):])
            except BlockingIOError:
                return

    def count(self, mark):
        self.drain()
        return sum(mark in f for f in self.frames)

    def get(self, mark):
        self.drain()
        return [f for f in self.frames if mark in f]

    def close(self):
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = -1


class Host:
    """A VTEP's machine. address(6) is its underlay address of that family."""

    def __init__(self, lab, number, wire, mtu):
        self.lab, self.number, self.name = lab, number, f"h{number}"
        self.ns = lab.netns(self.name)
        net, own = (0, number) if lab.switched else (number, 1)
        self.v4, self.v6 = f"198.18.{net}.{own}", f"2001:db8:{net}::{own}"
        self.gw4, self.gw6 = f"198.18.{net}.254", f"2001:db8:{net}::fe"
        self.wire, self.mtu, self.up = wire, mtu, f"r{number}"  # up: the router's device
        self.underlay()

    def cable(self, dev, up, own, gateways, routes=()):
        """A veth between this host and the router, with addresses on both ends."""
        router = self.lab.router
        self.ns.ip(f"link add {dev} mtu {self.mtu} type veth"
                   f" peer name {up} mtu {self.mtu} netns {router.path}")
        for ns, end in ((self.ns, dev), (router, up)):
            ns.sysctl(f"net.ipv6.conf.{end}.disable_ipv6", 0)
            ns.sysctl(f"net.ipv6.conf.{end}.accept_dad", 0)
            if self.wire == "nic":
                ns.run("ethtool", "-K", end, *NIC_LIKE)
        ends = [f"addr add {ip} dev {up}" for ip in gateways]
        if self.lab.switched:
            ends = [f"link set {up} master sw"]
        router.ip(*ends, f"link set {up} up")
        self.ns.ip(*(f"addr add {ip} dev {dev}" for ip in own), f"link set {dev} up", *routes)

    def underlay(self):
        """The device that the configuration names; again if it was deleted."""
        self.cable("under", self.up, (f"{self.v4}/24", f"{self.v6}/64"),
                   (f"{self.gw4}/24", f"{self.gw6}/64"), self.defaults())

    def second_uplink(self):
        """under2: another way to the router, to be used by routes that name it."""
        n = self.number
        self.cable("under2", f"r{n}b", (f"198.19.{n}.1/24",), (f"198.19.{n}.254/24",))

    def defaults(self):
        """Lines for default routes. On a switch there is nothing behind it."""
        if self.lab.switched:
            return ()
        return f"route replace default via {self.gw4}", f"route replace ::/0 via {self.gw6}"

    def routes(self):
        """Default routes; they go with the device."""
        self.ns.ip(*self.defaults())

    def address(self, family=4):
        return self.v4 if family == 4 else self.v6

    def tenant(self, port, *args, **kwargs):
        return Tenant(self, port, *args, **kwargs)

    def tenant_again(self, tenant, port, ip):
        """The tenant's machine gets a new veth, after the old one was deleted."""
        mac, ns = self.lab.new_mac(), tenant.ns
        self.ns.ip(f"link add {port} type veth peer name eth0 address {mac} netns {ns.path}")
        ns.ip("link set eth0 up", f"addr add {ip}/24 dev eth0")
        self.ns.ip(f"link set {port} up")
        tenant.mac, tenant.ip = mac, ip
        return tenant

    def tap_tenant(self, port, mac=None, vnet_hdr=False):
        return TapTenant(self, port, mac, vnet_hdr)

    def foreign_xdp(self, dev, ns=None):
        """Someone else's XDP program on a device, here or in ns: foreign_pass."""
        (ns or self.ns).ip(f"link set {dev} xdpdrv obj {self.foreign_object()} sec xdp")

    def foreign_object(self):
        """Programs of someone else: section xdp passes, section tc drops."""
        obj = f"{self.lab.dir}/foreign.o"
        run("clang", "-O2", "-target", "bpf", "-x", "c", "-c", "-", "-o", obj, stdin=FOREIGN)
        return obj

    def wire_tap(self):
        """
        Sees what the router sends to this host. On the host itself a socket sees what XDP left.
        """
        return self.lab.keep(Tap(self.lab.router, self.up, outgoing=True))

    def sent_tap(self):
        """Sees what this host sends to the router."""
        return self.lab.keep(Tap(self.lab.router, self.up))


class Lab:
    """
    wire is "default" (a veth as the kernel makes it) or "nic" (what a simple NIC can do). All names
    begin with the prefix. switched: the underlay is one subnet, the router a switch.
    """

    def __init__(self, hosts=2, wire="default", mtu=UNDER_MTU, prefix=None, switched=False):
        sweep()
        self.prefix = prefix or f"{PREFIX}{os.getpid()}-{next(labs)}"
        self.macs = itertools.count(1)
        self.namespaces, self.things, self.vteps = [], [], []
        self.dir = tempfile.mkdtemp(prefix=self.prefix + "-")
        try:
            self.router = self.netns("rt")
            self.router.sysctl("net.ipv4.ip_forward", 1)
            self.router.sysctl("net.ipv6.conf.all.forwarding", 1)
            self.switched = switched
            if switched:
                self.router.ip("link add sw type bridge mcast_snooping 0", "link set sw up")
            self.hosts = [Host(self, i + 1, wire, mtu) for i in range(hosts)]
        except BaseException:
            self.close()
            raise

    def netns(self, name):
        ns = Netns(f"{self.prefix}-{name}")
        self.namespaces.append(ns)
        return ns

    def new_mac(self):
        return "02:00:00:00:{:02x}:{:02x}".format(*divmod(next(self.macs), 256))

    def keep(self, thing):
        """Something to close before the namespaces go."""
        self.things.append(thing)
        return thing

    def close(self):
        """Takes all down. Returns what was left behind, as texts."""
        left = []
        for thing in reversed(self.things):
            thing.close()
        for vtep in reversed(self.vteps):
            try:
                left += vtep.close()
            except Exception as e:  # pylint: disable=broad-except
                left.append(f"{vtep.host.name}: {type(e).__name__}: {e}")
        for ns in reversed(self.namespaces):
            ns.close()
        shutil.rmtree(self.dir, ignore_errors=True)
        self.namespaces, self.things, self.vteps = [], [], []
        return left

    def logs(self):
        for vtep in self.vteps:
            for line in vtep.log()[-15:]:
                tap.comment(f"{vtep.host.name}: {line}")

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind and kind is not tap.Skip:
            try:
                self.logs()
            except Exception as e:  # pylint: disable=broad-except
                tap.comment(f"no logs: {e}")
        signal.setitimer(signal.ITIMER_REAL, 30 * tap.SLOW)  # the clean-up's own limit
        left = self.close()
        if left and not kind:
            raise tap.Fail("left behind: " + "; ".join(left))
        for text in left:
            tap.comment("left behind: " + text)


def is_stale(name):
    """Made by a test run that is no more."""
    pid = name[len(PREFIX):].split("-")[0] if name.startswith(PREFIX) else ""
    return pid.isdigit() and not os.path.exists(f"/proc/{pid}")


@functools.cache
def sweep():
    """Removes what test runs that were killed left behind: daemons, instances, namespaces."""
    for path in glob.glob("/run/xvtep/*") + glob.glob("/sys/fs/bpf/xvtep/*"):
        instance = os.path.basename(path)
        if is_stale(instance):
            end_daemon(instance)
            within = [f"--net=/run/netns/{instance}"]
            enter = ["nsenter", *within] if os.path.exists(f"/run/netns/{instance}") else []
            run(*enter, f"{OUT}/xvtepd", "--detach", "-i", instance, check=False)
    for line in run("ip", "netns", "list").stdout.splitlines():
        if is_stale(name := line.split()[0]):
            run("ip", "netns", "del", name, check=False)


def end_daemon(instance):
    """Of an instance that this program did not start itself."""
    try:
        with open(f"/run/xvtep/{instance}/lock", encoding="ascii") as f:
            pid = int(f.read() or 0)
        with open(f"/proc/{pid}/cmdline", encoding="ascii") as f:
            command = f.read().split("\0")
    except (OSError, ValueError):
        return
    if os.path.basename(command[0]) == "xvtepd":
        os.kill(pid, signal.SIGTERM)
        tap.wait_for(lambda: not os.path.exists(f"/proc/{pid}"), f"{instance} ends")
