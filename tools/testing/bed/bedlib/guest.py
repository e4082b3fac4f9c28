# SPDX-License-Identifier: GPL-2.0-only
"""Boot one guest under QEMU (TCG always), follow its console, serve its monitor line.

The guest's console is QEMU's standard output. A second serial port carries
monitor commands: the guest writes a line, the harness runs it by QMP's
human-monitor-command and answers with the reply and a line with a dot.
"""
import json
import os
import selectors
import socket
import subprocess
import tempfile
import threading
import time

from . import BedError, need

IOMMUS = {
    "intel": ["-device", "intel-iommu,intremap=on,aw-bits=48"],
    "amd": ["-device", "amd-iommu,intremap=on"],
    "virtio": ["-device", "virtio-iommu-pci,addr=1e.0"],
    "none": [],
}
# arm64's IOMMU is a property of the machine.
MACHINES = {"intel": "", "none": "", "smmuv3": ",iommu=smmuv3"}
PACKAGES = {"x86_64": "qemu-system-x86", "s390": "qemu-system-misc", "arm64": "qemu-system-arm"}
CONSOLES = {"x86_64": "ttyS0,115200 no_timer_check", "s390": "ttysclp0", "arm64": "ttyAMA0"}


def machine_args(arch, iommu, hmp_chardev):
    """The fixed part of a guest's QEMU arguments."""
    if arch == "s390":
        return ["qemu-system-s390x", "-M", "s390-ccw-virtio", "-nodefaults", "-nographic",
                "-device", "sclpconsole,chardev=console",
                "-device", "virtio-serial-ccw,devno=fe.0.00f0",
                "-device", f"virtserialport,chardev={hmp_chardev},name=bed.hmp"]
    if arch == "arm64":
        if iommu not in MACHINES:
            raise BedError(f"iommu={iommu}: one of {' '.join(MACHINES)}")
        return ["qemu-system-aarch64", "-cpu", "cortex-a72",
                "-machine", "virt,gic-version=3" + MACHINES[iommu],
                "-nodefaults", "-vga", "none", "-display", "none",
                "-serial", "chardev:console", "-device", "virtio-serial-pci,addr=1f.0",
                "-device", f"virtserialport,chardev={hmp_chardev},name=bed.hmp"]
    if iommu not in IOMMUS:
        raise BedError(f"iommu={iommu}: one of {' '.join(IOMMUS)}")
    # TCG moves a byte at a time where the kernel finds fast string instructions.
    return ["qemu-system-x86_64", "-cpu", "max,-erms,-fsrm",
            "-machine", "q35,kernel-irqchip=split",
            "-nodefaults", "-vga", "none", "-display", "none", *IOMMUS[iommu],
            "-serial", "chardev:console", "-serial", f"chardev:{hmp_chardev}"]


def starved(pid):
    """Seconds that the guest's busiest-waiting thread was ready but not running.

    On a busy machine the guest's time goes slower than the clock on the wall;
    a time limit must not count that.
    """
    waited = 0
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as f:
                waited = max(waited, int(f.read().split()[1]))
    except (OSError, IndexError, ValueError):
        pass
    return waited / 1e9


class Monitor(threading.Thread):
    """Forwards the guest's monitor lines to QMP."""

    def __init__(self, folder, log):
        super().__init__(daemon=True)
        self.folder, self.log = folder, log

    def connect(self, name):
        path = os.path.join(self.folder, name)
        for _ in range(200):
            try:
                s = socket.socket(socket.AF_UNIX)
                s.connect(path)
                return s
            except OSError:
                s.close()
                time.sleep(0.05)
        raise OSError(f"{path}: no listener")

    def qmp(self, command, **arguments):
        text = json.dumps({"execute": command, "arguments": arguments})
        self.control.sendall(text.encode() + b"\n")
        while True:
            line = self.replies.readline()
            if not line:
                raise OSError("the monitor is gone")
            reply = json.loads(line)
            if "return" in reply or "error" in reply:
                return reply

    def run(self):
        try:
            self.control = self.connect("qmp")
            self.replies = self.control.makefile("r")
            self.replies.readline()
            self.qmp("qmp_capabilities")
            guest = self.connect("hmp")
            for line in guest.makefile("r", errors="replace"):
                line = line.strip()
                if not line:
                    continue
                reply = self.qmp("human-monitor-command", **{"command-line": line})
                text = reply.get("return", "") or reply.get("error", {}).get("desc", "")
                text = text.replace("\r", "").rstrip("\n")
                self.log(f"monitor: {line}" + (f": {text}" if text else ""))
                guest.sendall((text + "\n.\n" if text else ".\n").encode())
        except (OSError, ValueError):
            pass


class Log:
    """A guest's log; the console and the monitor write to it."""

    def __init__(self, path):
        self.lock = threading.Lock()
        self.file = self.open(path)

    @staticmethod
    def open(path):
        return open(path, "w", encoding="utf-8", errors="replace")

    def note(self, text):
        with self.lock:
            self.file.write(text + "\n")
            self.file.flush()

    def go_on_in(self, path):
        with self.lock:
            self.file.write(f"# goes on in {os.path.basename(path)}\n")
            self.file.close()
            self.file = self.open(path)

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.file.close()


def yield_to_builds(pid):
    """With autogroups a nice value counts within a session only; this is the session's."""
    try:
        with open(f"/proc/{pid}/autogroup", "w") as f:
            f.write("10")
    except OSError:
        pass


def qemu_args(kernel, initrd, folder, console, *, arch, memory, smp, iommu, devices, append,
              icount=False):
    """The whole command line of a guest; its sockets stand in folder."""
    need(PACKAGES[arch])
    command_line = (f"console={CONSOLES[arch]} loglevel=6 printk.devkmsg=on panic=-1 oops=panic "
                    f"kunit.enable=0 rcupdate.rcu_cpu_stall_timeout=120 {append}").strip()
    if "oops=" in append or arch == "s390":
        command_line = command_line.replace("oops=panic ", "")
    args = machine_args(arch, iommu, "hmp")
    args += ["-accel", "tcg" if icount else "tcg,thread=multi"]
    if icount:
        args += ["-icount", "shift=0,sleep=off"]
    return args + ["-m", memory, "-smp", str(smp), "-no-reboot", "-chardev", console,
                   "-chardev", f"socket,id=hmp,path={folder}/hmp,server=on,wait=off",
                   "-qmp", f"unix:{folder}/qmp,server=on,wait=off",
                   "-kernel", kernel, "-initrd", initrd, "-append", command_line, *devices]


def interact(kernel, initrd, **common):
    """Run a guest whose console is this terminal."""
    with tempfile.TemporaryDirectory(prefix="bed-") as folder:
        args = qemu_args(kernel, initrd, folder, "stdio,id=console,signal=off,mux=on", **common)
        Monitor(folder, lambda line: None).start()
        return subprocess.run(args, check=False).returncode


def boot(kernel, initrd, *, arch="x86_64", memory="1G", smp=2, iommu="intel", devices=(),
         append="", timeout=300, log_path, on_line=lambda line: None, icount=False):
    """Run a guest to its end. Returns None, or why it was stopped.

    What on_line() returns, if not None, is (time limit from now on, path of the log from
    the next line on, or None for the same).
    """
    os.makedirs(os.path.dirname(log_path), exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bed-") as folder, Log(log_path) as log:
        note = log.note

        args = qemu_args(kernel, initrd, folder, "stdio,id=console,signal=off", arch=arch,
                         memory=memory, smp=smp, iommu=iommu, devices=devices, append=append,
                         icount=icount)
        note("# " + " ".join(f"'{a}'" if " " in a else a for a in args))
        # Builds go first: a guest that waits loses nothing (see starved).
        # And no guest outlives the harness.
        qemu = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "nice", "-n", "10", *args],
                                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, start_new_session=True)
        yield_to_builds(qemu.pid)
        Monitor(folder, note).start()
        began, waited = time.monotonic(), 0
        stopped = None
        selector = selectors.DefaultSelector()
        selector.register(qemu.stdout, selectors.EVENT_READ)
        rest = b""
        try:
            while True:
                left = began + timeout + starved(qemu.pid) - waited - time.monotonic()
                if left <= 0:
                    stopped = f"stopped: the time limit of {timeout} s is over"
                    break
                if not selector.select(min(left, 5)):
                    continue
                data = os.read(qemu.stdout.fileno(), 65536)
                if not data:
                    break
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    text = line.decode("utf-8", "replace").rstrip("\r")
                    note(text)
                    turn = on_line(text)
                    if turn:
                        timeout, path = turn
                        began, waited = time.monotonic(), starved(qemu.pid)
                        if path:
                            log.go_on_in(path)
        finally:
            if qemu.poll() is None:
                try:
                    qemu.wait(0.1 if stopped else 10)
                except subprocess.TimeoutExpired:
                    qemu.kill()
            status = qemu.wait()
        if not stopped and status:
            stopped = f"QEMU ended with status {status}"
        if rest:
            text = rest.decode("utf-8", "replace").rstrip("\r")
            note(text)
            on_line(text)
        if stopped:
            note("# " + stopped)
        return stopped
