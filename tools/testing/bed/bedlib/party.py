# SPDX-License-Identifier: GPL-2.0-only
"""Suites that share a guest: one boot and one leak scan for all of them.

Suites that name the same "boot" and ask for the same machine run one after the
other in one guest, each with its own log, time limit and judge. The devices of
all are there. Should the guest stop in one of them, that one has failed, and
those after it get another guest.
"""
import os
import types

from . import BedError, guest, guest_slot, log
from . import suite as bedsuite

# What has to be the same for two suites to share a guest.
MACHINE = ("boot", "memory", "smp", "root", "iommu", "append", "noleak", "icount")
# Lists of words of which the guest gets all.
WORDS = ("programs", "modules", "extmods", "files")
# Seconds for the leak scan.
SCAN = 300


def machine(suite):
    """Equal for suites that may share a guest; None for one that wants its own."""
    if not suite.boot or suite.host or suite.skip:
        return None
    return tuple(getattr(suite, key) for key in MACHINE)


def parties(jobs, alone):
    """Group (suite, arch, flavour, log path) by guest; with alone, one each."""
    groups = []
    by_machine = {}
    for job in jobs:
        key = machine(job[0])
        if alone or key is None:
            groups.append([job])
        elif (key, job[1], job[2]) in by_machine:
            by_machine[key, job[1], job[2]].append(job)
        else:
            by_machine[key, job[1], job[2]] = [job]
            groups.append(by_machine[key, job[1], job[2]])
    return groups


def devices_of(suites):
    """Each device once, in the order in which the suites name them."""
    found = []
    for suite in suites:
        words = suite.devices
        if len(words) % 2:
            raise BedError(f"{suite.name}: devices are pairs of an option and its value")
        for pair in zip(words[::2], words[1::2]):
            if pair not in found:
                found.append(pair)
    return [word for pair in found for word in pair]


def merged(suites):
    """What the guest of these suites is packed from."""
    first = suites[0]
    if len(suites) == 1:
        return first
    union = {key: " ".join(dict.fromkeys(w for s in suites for w in getattr(s, key).split()))
             for key in WORDS}
    return types.SimpleNamespace(
        name=first.boot, devices=devices_of(suites),
        scripts=[(s.name, s.functions) for s in suites],
        **{key: getattr(first, key) for key in MACHINE}, **union)


class Relay:
    """Hands the console to the reader of the suite that is running."""

    def __init__(self, jobs, on_result, on_start):
        self.jobs, self.on_result, self.on_start = jobs, on_result, on_start
        self.names = [job[0].name for job in jobs]
        self.at = 0
        self.reader = None

    def feed(self, line):
        """Returns (time limit, log path) when another suite begins or the last has ended."""
        words = log.STAMP.sub("", line, count=1).split()
        if words[:4] == ["|", "#", "bed:", "next"]:
            at = self.names.index(words[4])
            return self.turn(at) if at != self.at else None
        if words == ["|", "#", "bed:", "guest", "done"]:
            return self.leave()
        self.reader.feed(line)
        return None

    def turn(self, at):
        self.end()
        return bedsuite.limit(self.jobs[at][0]), self.begin(at)

    def begin(self, at):
        self.at = at
        suite, _, _, path = self.jobs[at]
        self.reader = log.Reader(suite.name, suite.expect_splat or None,
                                 lambda result: self.on_result(suite, result))
        self.on_start(suite)
        return path

    def end(self):
        """The running suite is over, as it should be."""
        self.reader.feed("| # bed: guest done")
        self.reader.feed("| # bed: end")
        self.reader.finish()

    def leave(self):
        """What comes now, a leak scan, is about all of them."""
        if len(self.jobs) == 1:
            self.reader.feed("| # bed: guest done")
            return None
        last = self.jobs[-1][0]
        self.end()
        self.reader = log.Reader("+".join(self.names), None,
                                 lambda result: self.on_result(last, result), tests=False)
        return SCAN, None

    def finish(self, why):
        """The guest is gone; returns the jobs that have not begun."""
        self.reader.finish(why)
        return self.jobs[self.at + 1:]


def run(jobs, place, on_result, on_start):
    """Run suites of one machine, in as few guests as it takes."""
    while jobs:
        suites = [job[0] for job in jobs]
        whole = merged(suites)
        image = os.path.join(place.work, "images",
                             f"{os.getpid()}-{suites[0].name}-{place.arch}-{place.flavour}.cpio")
        relay = Relay(jobs, on_result, on_start)
        append = whole.append + (" bed.noleak" if whole.noleak else "")
        try:
            bedsuite.pack(whole, place, image)
            with guest_slot(place.work):
                relay.begin(0)
                why = guest.boot(place.image, image, arch=place.arch, memory=whole.memory,
                                 smp=whole.smp, iommu=whole.iommu, devices=whole.devices,
                                 append=append, timeout=bedsuite.limit(suites[0]),
                                 log_path=jobs[0][3], on_line=relay.feed,
                                 icount=bool(whole.icount))
        finally:
            if os.path.exists(image):
                os.unlink(image)
        jobs = relay.finish(why)
