# SPDX-License-Identifier: GPL-2.0-only
"""The harness: kernels, initramfs images, guests, and what their logs say."""
import contextlib
import fcntl
import itertools
import os
import subprocess
import sys
import time

BED = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
REPO = os.path.dirname(os.path.dirname(os.path.dirname(BED)))
OUT = os.path.join(REPO, "out")
STARTED = time.monotonic()


class BedError(Exception):
    """Something that the user has to know; printed without a traceback."""


def clean_env():
    """The environment for what is run: nothing of a surrounding make or cross build."""
    drop = {"ARCH", "CROSS_COMPILE", "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES",
            "KBUILD_OUTPUT", "TREE", "FLAVOUR", "T"}
    return {k: v for k, v in os.environ.items() if k not in drop}


def say(text):
    print(text, file=sys.stderr, flush=True)


def since(start=STARTED):
    seconds = int(time.monotonic() - start)
    return f"{seconds // 60}:{seconds % 60:02d}"


def need(*packages):
    """Have Debian packages installed."""
    subprocess.run(["bash", "-c", '. "$0/lib.sh"; need "$@"', BED, *packages],
                   check=True, env=clean_env(), stdin=subprocess.DEVNULL)


def kernel(*words):
    """Run the kernel script; return what it prints."""
    done = subprocess.run([os.path.join(BED, "kernel"), *words], stdout=subprocess.PIPE,
                          text=True, env=clean_env(), stdin=subprocess.DEVNULL)
    if done.returncode:
        raise BedError("kernel " + " ".join(words) + ": failed")
    return done.stdout.strip()


def kernel_args(tree, arch, flavour):
    return [f"TREE={tree}", f"ARCH={arch}", f"FLAVOUR={flavour}"]


@contextlib.contextmanager
def locked(path):
    """One at a time, whoever runs it."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


def guests_at_once():
    """How many guests are worth running at a time: three where there are two CPUs.

    Suites wait for a third of their time. More guests than that only starve each
    other, until clocks and watchdogs inside them see it.
    """
    cpus = os.cpu_count() or 1
    return cpus + cpus // 2


@contextlib.contextmanager
def guest_slot(work):
    """Wait for one of guests_at_once() slots, over all runs."""
    slots = [os.path.join(work, f".slot.{n}.lock") for n in range(guests_at_once())]
    for turn in itertools.count():
        if turn == 10:
            say(f"  waiting: {len(slots)} guests are running")
        for path in slots:
            with open(path, "w") as f:
                try:
                    fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    continue
                yield
                return
        time.sleep(1)
