# SPDX-License-Identifier: GPL-2.0-only
"""Read a guest's console: results, splats, and which result a splat belongs to.

Lines that begin with "| " (after printk's time stamp) were printed by the
suite; all others are the kernel's. Results come from TAP in the former and
from KUnit's KTAP in the latter. A splat is charged to the result that follows
it, or to the test that a program had announced when the log ends.
"""
import re

STAMP = re.compile(r"^(?:<\d+>)?\[\s*\d+\.\d+\](?:\[\s*[TC]\d+\])? ?")
RESULT = re.compile(r"^(\s*)(ok|not ok)\b\s*(\d+)?\s*(?:- )?(.*)$")
DIRECTIVE = re.compile(r"\s*#\s*(SKIP|TODO|XFAIL)\b:?\s*(.*)$", re.I)
PLAN = re.compile(r"^\s*1\.\.(\d+)")

SPLAT = re.compile("|".join([
    r"\bWARNING: ", r"\bBUG: ", r"\bKASAN: ", r"\bKCSAN: ", r"\bUBSAN: ", r"kernel BUG at",
    r"INFO: (task .* blocked|rcu|possible|trying to register)", r"rcu: INFO:",
    r"possible (recursive|circular|irq)", r"suspicious RCU usage", r"refcount_t: ",
    r"unreferenced object", r"Kernel panic", r"\bOops\b", r"general protection fault",
    r"unable to handle ", r"ODEBUG: ", r"list_(add|del) corruption", r"soft lockup",
    r"sysfs: cannot create duplicate", r"kobject: .* tried to ", r"bad unlock balance",
    r"held lock freed", r"still has locks held", r"lock held when returning",
    r"Illegal (program|operation)", r"specification exception",
]))
# Part of a splat that has begun, not another one.
INSIDE = re.compile(r"^=+$|^-+$|^ |^(Call Trace|RIP|Code|RSP|RAX|R\d\d|CPU|Hardware|Modules)|^---")
# Says nothing about what went wrong.
NOISE = re.compile(r"^kobject: '|^FAULT_INJECTION|"
                   r"^(Code|RSP|R[A-D]X|R[BS]P|R[SD]I|R\d\d|CR\d|FS|CS|PKRU):\s")
# The kernel's KUnit suites that count here.
KUNIT_SUITES = re.compile(r"^(vfio|mdev|iommu_group|ccw|ap)")


class Result:
    """One test's outcome: "ok", "fail" or "skip", and the lines that explain it."""

    def __init__(self, name, outcome, why="", context=()):
        self.name, self.outcome, self.why = name, outcome, why
        self.context = list(context)


class Reader:
    """Takes console lines one by one; results gather in .results."""

    def __init__(self, suite, expect_splat=None, on_result=None, tests=True):
        self.suite = suite
        self.tests = tests
        self.expected = re.compile(expect_splat) if expect_splat else None
        self.on_result = on_result or (lambda result: None)
        self.results = []
        self.program = None
        self.plan = None
        self.seen = 0
        self.running = None
        self.context = []
        self.splats = []
        self.splat_room = 0
        self.ended = False
        self.guest_done = False
        self.ktap = []

    def name(self, test=None):
        return ".".join(p for p in (self.suite, self.program, test) if p)

    def add(self, name, outcome, why="", take_splats=True):
        context = list(self.context)
        if take_splats and self.splats:
            context = context[-12:]
            for splat in self.splats[:2]:
                context += ["kernel: " + line for line in splat]
            why = "kernel splat: " + self.splats[0][0]
            outcome = "fail"
            self.splats = []
            self.splat_room = 0
        result = Result(name, outcome, why, context if outcome == "fail" else ())
        self.results.append(result)
        self.context = []
        self.running = None
        self.on_result(result)

    def feed(self, raw):
        line = STAMP.sub("", raw.rstrip("\r\n"), count=1)
        if line.startswith("| ") or line == "|":
            self.guest_line(line[2:])
        else:
            self.kernel_line(line)

    # What the suite printed.
    def guest_line(self, line):
        if line.startswith("# bed: "):
            return self.marker(line[7:])
        plan = PLAN.match(line)
        if plan:
            self.plan = int(plan.group(1))
            return
        found = RESULT.match(line)
        if not found or found.group(1):
            self.context = (self.context + [line])[-40:]
            announced = re.match(r"#\s+RUN\s+(\S+)", line)
            if announced:
                self.running = announced.group(1)
            return
        outcome, rest = found.group(2), found.group(4)
        self.seen += 1
        directive = DIRECTIVE.search(rest)
        why = ""
        if directive:
            rest, why = rest[:directive.start()], directive.group(2)
        name = rest.strip() or (self.running if directive else "") or f"test {found.group(3)}"
        if directive and outcome == "ok":
            self.add(self.name(name), "skip", why)
        else:
            self.add(self.name(name), "ok" if outcome == "ok" else "fail", why)

    def marker(self, text):
        words = text.split()
        if words[0] == "begin":
            self.end_program(None)
            self.program, self.plan, self.seen = words[1], None, 0
        elif words[0] == "done":
            self.end_program(int(words[2]))
        elif text == "guest done":
            self.end_program(None)
            self.guest_done = True
            self.flush_splats("after the last test")
        elif text == "leak scan done":
            if self.splats:
                self.add(f"{self.suite}.no leaks", "fail")
        elif text == "end":
            self.ended = True

    def end_program(self, rc):
        """A program must report all that it planned and exit as its results say."""
        if self.program is None:
            return
        failed = any(r.outcome == "fail" for r in self.results[len(self.results) - self.seen:]
                     ) if self.seen else False
        if self.plan is not None and self.seen < self.plan:
            at = f" in {self.running}" if self.running else ""
            self.add(self.name(), "fail", f"{self.seen} of {self.plan} tests reported{at}"
                     + (f", exit status {rc}" if rc else ""))
        elif rc not in (0, 4, None) and not failed:
            self.add(self.name(), "fail", f"exit status {rc}")
        elif self.seen == 0:
            self.add(self.name(), "skip" if rc == 4 else "fail", "no result")
        self.program, self.plan, self.seen = None, None, 0

    # What the kernel printed.
    def kernel_line(self, line):
        if self.kunit_line(line):
            return
        if NOISE.search(line) and not line.startswith("RIP"):
            return
        if self.splat_room > 0:
            self.splat_room -= 1
            if self.splats and (INSIDE.search(line) or not SPLAT.search(line)):
                if len(self.splats[-1]) < 24:
                    self.splats[-1].append(line)
                return
        if SPLAT.search(line) and not (self.expected and self.expected.search(line)):
            self.splats.append([line])
            self.splat_room = 45
        else:
            self.context = (self.context + ["kernel: " + line])[-40:]

    def kunit_line(self, line):
        """KTAP nests: a suite's cases are indented once, a case's parameters twice."""
        subtest = re.match(r"^(\s*)# Subtest: (.+)$", line)
        if subtest:
            depth = len(subtest.group(1)) // 4
            self.ktap = self.ktap[:depth - 1] + [(subtest.group(2).strip(), len(self.results))]
            return True
        found = RESULT.match(line)
        if not found or not self.ktap:
            return False
        depth = len(found.group(1)) // 4
        directive = DIRECTIVE.search(found.group(4))
        name = found.group(4)[:directive.start()] if directive else found.group(4)
        outcome = "ok" if found.group(2) == "ok" else "fail"
        if directive and directive.group(1).upper() == "SKIP":
            outcome = "skip"
        path = [n for n, _ in self.ktap]
        closes = depth < len(path) and path[depth] == name.strip()
        counted = KUNIT_SUITES.match(path[0])
        if closes:
            before = self.ktap[depth][1]
            self.ktap = self.ktap[:depth]
            below_failed = any(r.outcome == "fail" for r in self.results[before:])
            inside = len(self.results) > before
            if counted and not (inside and (outcome != "fail" or below_failed)):
                self.add(".".join([self.suite] + path[:depth + 1]), outcome)
        elif counted and depth >= 1:
            self.add(".".join([self.suite] + path[:depth] + [name.strip()]), outcome)
        return True

    def flush_splats(self, where):
        if self.splats:
            self.add(f"{self.suite}.{self.running or where}", "fail")

    def finish(self, why=None):
        """The log is over; why says how, if not by the end marker."""
        if self.program:
            self.add(self.name(), "fail", f"did not return; {self.seen} results"
                     + (f", was in {self.running}" if self.running else ""))
            self.program = None
        self.flush_splats("end of the log")
        if not self.ended:
            self.add(f"{self.suite}.end", "fail", why or "the guest stopped before its end marker")
        elif self.tests and not any(r.outcome != "skip" or "no result" not in r.why for r in self.results):
            self.add(f"{self.suite}.end", "fail", "the suite ran no test")
