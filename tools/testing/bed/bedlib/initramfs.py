# SPDX-License-Identifier: GPL-2.0-only
"""Pack initramfs images: a cpio writer that needs no root and no tools.

The file system is usr-merged, as Debian's is, so that what the harness adds
(usr/lib/bed, usr/bin) lands at the same place over any root. cpio archives
follow one another in one image; the kernel unpacks them in order.
"""
import os
import stat
import subprocess

from . import BED, BedError, clean_env, need

MERGED = ("bin", "sbin", "lib")


class Archive:
    """A newc archive in the making. Everything in it belongs to root."""

    def __init__(self, out):
        self.out = out
        self.ino = 0
        self.folders = set()
        self.names = set()

    def entry(self, name, mode, data=b"", rdev=(0, 0)):
        self.ino += 1
        self.names.add(name)
        name = name.encode() + b"\0"
        fields = (self.ino, mode, 0, 0, 1, 0, len(data), 0, 0, *rdev, len(name), 0)
        head = b"070701" + b"".join(b"%08X" % f for f in fields) + name
        self.out.write(head + b"\0" * (-len(head) % 4) + data + b"\0" * (-len(data) % 4))

    def folder(self, name, mode=0o755):
        if name and name not in self.folders:
            self.folder(os.path.dirname(name))
            self.folders.add(name)
            self.entry(name, stat.S_IFDIR | mode)

    def link(self, name, target):
        self.folder(os.path.dirname(name))
        self.entry(name, stat.S_IFLNK | 0o777, target.encode())

    def data(self, name, data, mode=0o644):
        self.folder(os.path.dirname(name))
        self.entry(name, stat.S_IFREG | mode, data)

    def file(self, name, source, mode=None):
        with open(source, "rb") as f:
            data = f.read()
        self.data(name, data, mode or stat.S_IMODE(os.stat(source).st_mode))

    def tree(self, root, prefix="", skip=()):
        """Add what stands below a folder, links as links; no device nodes."""
        for folder, dirs, names in os.walk(root):
            at = os.path.normpath(os.path.join(prefix, os.path.relpath(folder, root)))
            at = "" if at == "." else at
            dirs[:] = sorted(d for d in dirs if os.path.join(at, d) not in skip)
            for name in sorted(dirs + names):
                path, inside = os.path.join(folder, name), os.path.join(at, name)
                info = os.lstat(path)
                if stat.S_ISLNK(info.st_mode):
                    self.link(inside, os.readlink(path))
                elif stat.S_ISDIR(info.st_mode):
                    self.folder(os.path.dirname(inside))
                    if inside not in self.folders:
                        self.folders.add(inside)
                        self.entry(inside, stat.S_IFDIR | stat.S_IMODE(info.st_mode))
                elif stat.S_ISREG(info.st_mode):
                    self.file(inside, path)

    def close(self):
        self.entry("TRAILER!!!", 0)
        self.out.write(b"\0" * (-self.out.tell() % 512))


def compile_static(arch, sources, target, flags=()):
    """Compile a C program for the guest unless it is up to date."""
    if os.path.exists(target) and all(os.path.getmtime(s) <= os.path.getmtime(target)
                                      for s in sources):
        return target
    cc = compiler(arch)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    done = subprocess.run([cc, "-static", "-O2", "-Wall", "-Wextra", "-o", target, *flags,
                           *sources], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, env=clean_env())
    if done.returncode:
        raise BedError(f"{' '.join(sources)} does not compile:\n{done.stdout}")
    return target


# Guests whose programs are cross-compiled: the machine's name and the packages.
CROSS = {"s390": ("s390x", "s390x-linux-gnu",
                  ("gcc-s390x-linux-gnu", "libc6-dev-s390x-cross")),
         "arm64": ("aarch64", "aarch64-linux-gnu",
                   ("gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"))}


def is_foreign(arch):
    return arch in CROSS and os.uname().machine != CROSS[arch][0]


def compiler(arch):
    if not is_foreign(arch):
        return "gcc"
    need(*CROSS[arch][2])
    return CROSS[arch][1] + "-gcc"


def cross_compile(arch):
    """What make is told to build for the architecture."""
    return [f"CROSS_COMPILE={CROSS[arch][1]}-"] if is_foreign(arch) else []


def busybox(arch, cache):
    """The static busybox of the guest's architecture."""
    if not is_foreign(arch):
        need("busybox-static")
        return "/usr/bin/busybox" if os.path.exists("/usr/bin/busybox") else "/bin/busybox"
    machine = CROSS[arch][0]
    target = os.path.join(cache, "busybox-" + machine, "busybox")
    if not os.path.exists(target):
        script = os.path.join(BED, "busybox-foreign")
        subprocess.run([script, os.path.dirname(target), {"aarch64": "arm64"}.get(machine, machine)],
                       check=True, env=clean_env(), stdin=subprocess.DEVNULL)
    return target


def applets():
    done = subprocess.run([busybox("x86_64", ""), "--list"], stdout=subprocess.PIPE,
                          text=True, check=True)
    return done.stdout.split()


def pack_root(archive, arch, cache):
    """A root of busybox alone."""
    box = busybox(arch, cache)
    for name in MERGED:
        archive.folder("usr/" + name)
        archive.link(name, "usr/" + name)
    archive.file("usr/bin/busybox", box, 0o755)
    for name in (a for a in applets() if a != "busybox"):
        archive.link("usr/bin/" + name, "busybox")
    for name in ("etc", "proc", "sys", "dev", "tmp", "run", "root", "mnt", "var", "var/tmp"):
        archive.folder(name)
    archive.data("etc/passwd", b"root:x:0:0:root:/root:/bin/sh\n")
    archive.data("etc/group", b"root:x:0:\n")


def pack_bed(archive, arch, cache, scripts):
    """What the harness itself needs, over any root."""
    guest = os.path.join(BED, "guest")
    archive.file("init", os.path.join(guest, "init"), 0o755)
    archive.file("usr/lib/bed.sh", os.path.join(guest, "bed.sh"), 0o644)
    archive.file("usr/lib/bed/main.sh", os.path.join(guest, "main.sh"), 0o644)
    if "usr/bin/busybox" in archive.names:
        archive.link("usr/lib/bed/busybox", "/usr/bin/busybox")
    else:
        archive.file("usr/lib/bed/busybox", busybox(arch, cache), 0o755)
    log = compile_static(arch, [os.path.join(guest, "log.c")],
                         os.path.join(cache, "programs", arch, "bed-log"))
    archive.file("usr/lib/bed/log", log, 0o755)
    for number, (name, text) in enumerate(scripts):
        archive.data(f"usr/lib/bed/suites/{number:02}-{name}", text.encode(), 0o644)


def pack_program(archive, name, binary):
    archive.file("usr/lib/bed/programs/" + name, binary, 0o755)
    archive.file("usr/bin/" + name, os.path.join(BED, "guest", "program.sh"), 0o755)


def pack_modules(archive, obj, names):
    """Modules (by path without .ko, or "all") with what they depend on."""
    top = os.path.join(obj, "modules-root", "lib", "modules")
    if not os.path.isdir(top):
        return
    root = os.path.join(top, os.listdir(top)[0])
    inside = "usr/lib/modules/" + os.path.basename(root)
    if "all" in names:
        archive.tree(root, inside, skip=(inside + "/build", inside + "/source"))
        return
    depends = {}
    with open(os.path.join(root, "modules.dep")) as f:
        for line in f:
            name, _, others = line.strip().partition(":")
            depends[name] = others.split()
    wanted = ["kernel/" + name + ".ko" for name in names]
    for name in wanted:
        if name not in depends:
            raise BedError(f"modules: the kernel in {obj} has no module {name[7:-3]}")
        wanted += [d for d in depends[name] if d not in wanted]
    for name in wanted:
        archive.file(f"{inside}/{name}", os.path.join(root, name))
    table = "".join(f"{n}: {' '.join(depends[n])}".rstrip() + "\n" for n in wanted)
    archive.data(inside + "/modules.dep", table.encode())
    for name in ("modules.alias", "modules.softdep", "modules.builtin", "modules.symbols",
                 "modules.order"):
        if os.path.exists(os.path.join(root, name)):
            archive.file(f"{inside}/{name}", os.path.join(root, name))
