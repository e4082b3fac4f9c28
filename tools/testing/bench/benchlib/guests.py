# SPDX-License-Identifier: GPL-2.0-only
"""Run the guests of the bench and gather the lines with figures that they print.

A guest is a file in the format of the bed's suites, see tools/testing/bed. Its
programs are those of this folder, or selftests where the name has a slash. Its
"trees" are the modes in which it runs. What it prints counts as:

  = NAME X SPENT WAITED     a figure; X says how many or how large
  ! TEXT                    it cannot be had
"""
import glob
import os
import queue
import tempfile
import threading

from . import HERE, MODES, TREES
from bedlib import OUT, REPO, BedError, guest, guest_slot, initramfs, locked, say, since
from bedlib import log as bedlog, suite as bedsuite

SELFTESTS = os.path.join(REPO, "tools/testing/selftests/vfio")
# What each program is linked with.
SHARED = [os.path.join(HERE, "measure.c"), os.path.join(HERE, "cycle.c"),
          os.path.join(SELFTESTS, "vfio_uapi.c"), os.path.join(SELFTESTS, "vfio_util.c")]


class Figures(dict):
    """{(arch, name, x): {mode: {tree: (spent, waited)}}}, and what went wrong."""

    def __init__(self):
        super().__init__()
        self.problems = []
        self.sizes = []
        self.ccw = []

    def put(self, key, mode, tree, spent, waited=0.0):
        self.setdefault(key, {}).setdefault(mode, {})[tree] = (spent, waited)


def guests(pattern):
    """Guests whose name contains one of the words, in order."""
    names = sorted(glob.glob(os.path.join(HERE, "*.sh")))
    return [n for n in names if not pattern
            or any(w in os.path.basename(n)[:-3] for w in pattern.split())]


def build_programs(names, place):
    """Compile programs of this folder; the words of "files" that put them into a guest."""
    headers = bedsuite.headers(place)
    words = []
    for name in names:
        target = os.path.join(place.work, "programs", place.arch, "bench", name)
        sources = [os.path.join(HERE, name + ".c"), *SHARED]
        # compile_static() compares times, of the sources alone.
        newest = max(os.path.getmtime(h) for h in glob.glob(os.path.join(HERE, "*.h")))
        if os.path.exists(target) and os.path.getmtime(target) < newest:
            os.unlink(target)
        initramfs.compile_static(place.arch, sources, target,
                                 [f"-isystem{headers}/include", f"-I{SELFTESTS}",
                                  f"-I{HERE}/modules", "-pthread",
                                  "-Wno-unused-parameter", "-Wno-sign-compare"])
        words.append(f"/usr/bin/{name}={target}")
    return words


def run_one(path, tree, mode, options, figures):
    """One guest on one kernel."""
    env = {k: str(v) for k, v in options.items() if k.startswith("BENCH_")}
    suite = bedsuite.Suite(path, BED_TREE=tree, BENCH=mode, **env)
    place = bedsuite.Place(tree, suite.arch, "plain")
    with locked(os.path.join(place.work, ".bench.lock")):
        names = suite.programs.split()
        suite.files += " " + " ".join(build_programs([n for n in names if "/" not in n], place))
        suite.programs = " ".join(n for n in names if "/" in n)
    # Words of the command line that the kernel does not know become its first
    # process's environment.
    append = suite.append + "".join(f" {k}={v}" for k, v in env.items()) + f" BENCH={mode}"
    reader = bedlog.Reader(suite.name)
    name = f"{suite.name}-{mode}-{tree}"

    def line(raw):
        reader.feed(raw)
        text = bedlog.STAMP.sub("", raw, count=1)
        if text.startswith("| = "):
            what, x, spent, waited = text[4:].split()
            figures.put((place.arch, what, int(x)), mode, tree, float(spent), float(waited))
        elif text.startswith("| ! ") or text.startswith("| bench: "):
            figures.problems.append(f"{name}: {text[2:]}")

    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        image = os.path.join(folder, "initramfs.cpio")
        bedsuite.pack(suite, place, image)
        say(f"  {since()} {name}: {suite.title}")
        # A clock of instructions is of one CPU.
        smp = 1 if mode == "insn" else int(suite.smp)
        why = guest.boot(place.image, image, arch=place.arch, memory=suite.memory, smp=smp,
                         iommu=suite.iommu, devices=suite.devices, append=append,
                         timeout=int(suite.timeout), on_line=line, icount=mode == "insn",
                         log_path=os.path.join(OUT, "bench", name + ".log"))
    reader.finish(why)
    for result in reader.results:
        if result.outcome == "fail" and "ran no test" not in result.why:
            figures.problems.append(f"{name}: {result.name}: {result.why}")
    say(f"  {since()} {name}: done")


def worker(work, jobs, figures):
    """Take a guest's place once and keep it: others' guests shall not come in between."""
    with guest_slot(work):
        while True:
            try:
                job = jobs.get_nowait()
            except queue.Empty:
                return
            try:
                run_one(*job, figures)
            except (BedError, OSError, ValueError) as e:
                figures.problems.append(f"{os.path.basename(job[0])}: {e}")
            finally:
                jobs.task_done()


def run(paths, modes, options, figures):
    """All guests, base and ours beside each other: what disturbs one disturbs both.

    But one that wants more than one CPU of the host in the end, alone.
    """
    together, alone = queue.Queue(), queue.Queue()
    for mode in (m for m in MODES if m in modes):
        for path in paths:
            suite = bedsuite.Suite(path, BENCH=mode)
            if mode in suite.trees.split():
                jobs = alone if mode == "time" and int(suite.smp) > 1 else together
                for tree in TREES:
                    jobs.put((path, tree, mode, options))
    work = bedsuite.Place("ours", "x86_64", "plain").work
    for jobs, threads in ((together, int(options["JOBS"])), (alone, 1)):
        for _ in range(0 if jobs.empty() else threads):
            threading.Thread(target=worker, args=(work, jobs, figures), daemon=True).start()
        # Not for the threads: one may still wait for its place when all is done.
        jobs.join()


def build(paths, nobuild):
    """The kernels that the guests need; nothing of them is built for nothing."""
    for arch in sorted({bedsuite.Suite(p).arch for p in paths}, reverse=True):
        for tree in TREES[::-1]:
            place = bedsuite.Place(tree, arch, "plain")
            if not nobuild:
                place.build()
            if not os.path.exists(place.image):
                raise BedError(f"no kernel at {place.image}")
