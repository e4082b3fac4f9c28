# SPDX-License-Identifier: GPL-2.0-only
"""Suites: read their bash files, build what they name, pack and run them."""
import glob
import os
import re
import shutil
import subprocess
import tempfile

from . import (BED, REPO, BedError, clean_env, initramfs, kernel, kernel_args, locked, log,
               need)

STRINGS = {"title": "", "arch": "x86_64", "flavour": "debug", "trees": "ours base",
           "timeout": "300", "memory": "1G", "smp": "2", "root": "initramfs", "programs": "",
           "modules": "", "append": "", "expect_splat": "", "iommu": "intel", "files": "",
           "icount": "", "noleak": "", "boot": "",
           "extmods": "", "packages": ""}

# Prints the variables, each ended by a NUL, then the functions for the guest.
READER = r'''
devices=()
skip_if() { :; }
. "$1" || exit 1
shift
for v; do printf '%s\0' "${!v-}"; done
skip_if | tr -d '\0'; printf '\0'
printf '%s\0' "${#devices[@]}" "${devices[@]}"
declare -F host_run | tr -d '\n'; printf '\0'
declare -F | while read -r _ _ f; do
	case $f in skip_if|host_*) ;; *) declare -f "$f" ;; esac
done
'''


class Suite:
    """One suites/NAME.sh as bash understands it."""

    def __init__(self, path, **env):
        self.name = os.path.basename(path)[:-3]
        self.path = path
        done = subprocess.run(["bash", "-c", READER, "bash", path, *STRINGS],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, cwd=REPO, env={**clean_env(), **env},
                              stdin=subprocess.DEVNULL)
        if done.returncode:
            raise BedError(f"{path}: {done.stderr.strip() or 'does not read'}")
        fields = done.stdout.split("\0")
        for key, default in STRINGS.items():
            setattr(self, key, fields.pop(0).strip() or default)
        self.skip = fields.pop(0).strip()
        self.devices = [fields.pop(0) for _ in range(int(fields.pop(0)))]
        # What needs no guest runs here, by host_run().
        self.host = bool(fields.pop(0))
        self.functions = fields.pop(0)
        self.scripts = [(self.name, self.functions)]
        if not self.host and not re.search(r"^guest \(\)", self.functions, re.M):
            raise BedError(f"{path}: has no function guest()")


def limit(suite):
    """Its time limit in seconds; BED_SLOW=3 trebles all."""
    return int(int(suite.timeout) * float(os.environ.get("BED_SLOW", "1")))


def suites(pattern):
    """Suites whose name matches a glob or contains a word, in order."""
    import fnmatch
    found = sorted(glob.glob(os.path.join(BED, "suites", "*.sh")))
    names = [p for p in found if not pattern
             or any(fnmatch.fnmatch(os.path.basename(p)[:-3], word)
                    or word in os.path.basename(p)[:-3] for word in pattern.split())]
    return names


class Place:
    """Where a kernel and what goes with it are: one tree, architecture, flavour."""

    def __init__(self, tree, arch, flavour):
        self.tree, self.arch, self.flavour = tree, arch, flavour
        self.obj = kernel("--dir", *kernel_args(tree, arch, flavour))
        self.work = os.path.dirname(os.path.dirname(self.obj))
        image = {"x86_64": "arch/x86/boot/bzImage", "s390": "arch/s390/boot/bzImage",
                 "arm64": "arch/arm64/boot/Image"}[arch]
        self.image = os.path.join(self.obj, image)

    def build(self):
        kernel(*kernel_args(self.tree, self.arch, self.flavour))


def headers(place):
    """User-space headers of the assembled tree; installed again when they change."""
    target = os.path.join(place.work, "headers", place.arch)
    ours = os.path.join(place.work, "ours")
    stamp = os.path.join(target, ".installed")
    if os.path.exists(stamp):
        newer = subprocess.run(["find", ours + "/include/uapi", "-newer", stamp, "-print",
                                "-quit"], stdout=subprocess.PIPE, text=True)
        if not newer.stdout:
            return target
    os.makedirs(target, exist_ok=True)
    need("build-essential", "rsync")
    done = subprocess.run(["make", "-s", "-C", ours, f"O={target}/obj", f"ARCH={place.arch}",
                           "headers_install", f"INSTALL_HDR_PATH={target}"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          env=clean_env(), stdin=subprocess.DEVNULL)
    if done.returncode:
        raise BedError("headers_install failed:\n" + done.stdout)
    with open(stamp, "w"):
        pass
    return target


def build_programs(names, place):
    """Build kselftest programs statically; return {name in the guest: binary}."""
    built = {}
    if not names:
        return built
    include = os.path.join(headers(place), "include")
    tests = os.path.join(place.work, "ours", "tools/testing/selftests")
    for word in names:
        folder, name = os.path.split(word)
        source = os.path.join(tests, folder)
        out = os.path.join(place.work, "programs", place.arch, folder)
        os.makedirs(out, exist_ok=True)
        flags = f"-isystem {include} -I{tests}"
        if os.path.exists(os.path.join(source, "Makefile")):
            args = ["make", "-s", "-C", source, f"OUTPUT={out}", f"KHDR_INCLUDES={flags}",
                    "USERCFLAGS=-Wall -Wextra -Wno-unused-parameter -Wno-sign-compare",
                    "USERLDFLAGS=-static",
                    f"top_srcdir={os.path.join(place.work, 'ours')}", f"{out}/{name}"]
            if place.arch != "x86_64":
                args += [f"CC={initramfs.compiler(place.arch)}", f"ARCH={place.arch}"]
            done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True, env=clean_env(), stdin=subprocess.DEVNULL)
            if done.returncode:
                raise BedError(f"{word} does not build:\n" + tail(done.stdout, 30))
            if done.stdout.strip():
                print(done.stdout.rstrip())
        else:
            main = os.path.join(source, name + ".c")
            if not os.path.exists(main):
                raise BedError(f"programs: there is no {folder}/{name}.c below selftests")
            initramfs.compile_static(place.arch, [main], os.path.join(out, name),
                                     [*flags.split(), "-D_GNU_SOURCE", "-pthread",
                                      "-Wno-unused-parameter", "-Wno-sign-compare"])
        built[name] = os.path.join(out, name)
    return built


def build_extmods(folders, place):
    """Build folders of external modules for a suite's kernel; yield the .ko files."""
    for folder in folders:
        source = os.path.join(REPO, folder)
        if not os.path.isdir(source):
            raise BedError(f"extmods: there is no folder {folder}")
        copy = os.path.join(place.work, "extmods", os.path.basename(place.obj), folder)
        os.makedirs(copy, exist_ok=True)
        wanted = {n for n in os.listdir(source) if re.fullmatch(r"Makefile|Kbuild|.*\.[chS]", n)}
        for name in set(os.listdir(copy)) - wanted:
            if name.endswith(".c"):
                os.unlink(os.path.join(copy, name))
        for name in wanted:
            install_changed(os.path.join(source, name), os.path.join(copy, name))
        args = ["make", "-C", place.obj, f"M={copy}", f"ARCH={place.arch}", "modules"]
        args += initramfs.cross_compile(place.arch)
        done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              env=clean_env(), stdin=subprocess.DEVNULL)
        if done.returncode:
            raise BedError(f"{folder} does not build:\n" + tail(done.stdout, 30))
        yield from sorted(glob.glob(os.path.join(copy, "*.ko")))


def install_changed(source, target):
    """Copy a file unless the target has its content."""
    with open(source, "rb") as f:
        data = f.read()
    if os.path.exists(target):
        with open(target, "rb") as f:
            if f.read() == data:
                return
    with open(target, "wb") as f:
        f.write(data)


def tail(text, lines):
    return "\n".join(text.rstrip().splitlines()[-lines:])


def cached_root(name, place):
    """The folder of a root that tools/testing/bed/root provides, packed once."""
    done = subprocess.run([os.path.join(BED, "root"), name], stdout=subprocess.PIPE, text=True,
                          env={**clean_env(), "BED_ARCH": place.arch},
                          stdin=subprocess.DEVNULL)
    if done.returncode or not done.stdout.strip():
        raise BedError(f"tools/testing/bed/root {name}: failed")
    folder = done.stdout.strip().splitlines()[-1]
    packed = os.path.join(place.work, "roots", f"{name}-{place.arch}.cpio")
    key = f"{folder} {os.stat(folder).st_mtime_ns}"
    if os.path.exists(os.path.join(folder, ".stamp")):
        key += open(os.path.join(folder, ".stamp")).read()
    if not os.path.exists(packed) or open(packed + ".key").read() != key:
        os.makedirs(os.path.dirname(packed), exist_ok=True)
        with open(packed + ".new", "wb") as out:
            archive = initramfs.Archive(out)
            archive.tree(folder, skip=("dev", "proc", "sys"))
            for empty in ("dev", "proc", "sys"):
                archive.folder(empty)
            archive.close()
        with open(packed + ".key", "w") as f:
            f.write(key)
        os.rename(packed + ".new", packed)
    return packed


def pack(suite, place, target):
    """Write the image of a guest: one suite's, or a party's."""
    packed = None
    with locked(os.path.join(place.work, ".programs.lock")):
        built = build_programs(suite.programs.split(), place)
        extmods = list(build_extmods(suite.extmods.split(), place))
        if suite.root != "initramfs":
            packed = cached_root(suite.root, place)
    cache = place.work
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "wb") as out:
        if packed:
            with open(packed, "rb") as root:
                shutil.copyfileobj(root, out, 1 << 20)
        archive = initramfs.Archive(out)
        if suite.root == "initramfs":
            initramfs.pack_root(archive, place.arch, cache)
        archive.folders |= {"usr", "usr/bin", "usr/lib", "root"} if out.tell() > 4096 else set()
        initramfs.pack_bed(archive, place.arch, cache, suite.scripts)
        for name, binary in built.items():
            initramfs.pack_program(archive, name, binary)
        for module in extmods:
            archive.file("usr/lib/modules/" + os.path.basename(module), module)
        for word in suite.files.split():
            inside, _, source = word.partition("=")
            source = os.path.join(REPO, source)
            if os.path.isdir(source):
                archive.tree(source, inside.lstrip("/"))
            else:
                archive.file(inside.lstrip("/"), source)
        initramfs.pack_modules(archive, place.obj, suite.modules.split())
        archive.close()


def run_host(suite, log_path, on_result):
    """Run a suite that needs no guest: its host_run(), with what guests have for results."""
    need(*suite.packages.split())
    reader = log.Reader(suite.name, None, on_result)
    os.makedirs(os.path.dirname(log_path), exist_ok=True)
    script = f'cd "$1" && . {BED}/guest/bed.sh && . "$2" && host_run'
    with tempfile.TemporaryDirectory(prefix="bed-") as folder, \
            open(log_path, "w", encoding="utf-8") as out:
        done = subprocess.run(["timeout", suite.timeout, "bash", "-c", script, "bash", REPO,
                               suite.path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, env={**clean_env(), "TMPDIR": folder},
                              stdin=subprocess.DEVNULL)
        out.write(done.stdout)
    for line in done.stdout.splitlines():
        reader.feed("| " + line)
    reader.feed("| # bed: guest done")
    if done.returncode == 0:
        reader.feed("| # bed: end")
    reader.finish(f"host_run() ended with status {done.returncode}")
    return reader.results
