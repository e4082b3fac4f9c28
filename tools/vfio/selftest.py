#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Test lsvfio on a sysfs and a procfs made of files.

usage: selftest.py      (no guest and no kernel; takes a second)
"""
import json
import os
import subprocess
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
GUID = "83b8f4f2-509f-382f-3c1e-e6bfe0fa1001"


class Lsvfio(unittest.TestCase):
    """A machine with three groups and a parent of mediated devices."""

    @classmethod
    def setUpClass(cls):
        cls.bin = tempfile.TemporaryDirectory(prefix="lsvfio-")
        cls.addClassCleanup(cls.bin.cleanup)
        subprocess.run(["make", "-s", "-C", HERE, f"OUTPUT={cls.bin.name}/"], check=True)

    def setUp(self):
        top = tempfile.TemporaryDirectory(prefix="lsvfio-root-")
        self.addCleanup(top.cleanup)
        self.top = top.name
        self.pci("0000:00:05.0", 3, "vfio-pci", cdev="vfio0")
        self.pci("0000:00:06.0", 10, "vfio-pci", cdev="vfio1")
        self.pci("0000:00:06.1", 10, "virtio-pci")
        self.pci("0000:00:1f.2", 4, "ahci")
        parent = "sys/devices/virtual/mtty/mtty"
        self.file(f"{parent}/mdev_supported_types/mtty-1/name", "Single port \"serial\"\n")
        self.file(f"{parent}/mdev_supported_types/mtty-1/device_api", "vfio-pci\n")
        self.file(f"{parent}/mdev_supported_types/mtty-1/available_instances", "23\n")
        self.device(f"{parent}/{GUID}", 11, "mtty", "vfio2")
        self.link(f"{parent}/mdev_supported_types/mtty-1/devices/{GUID}", f"{parent}/{GUID}")
        self.link(f"{parent}/{GUID}/mdev_type", f"{parent}/mdev_supported_types/mtty-1")
        self.link("sys/class/mdev_bus/mtty", parent)

    def file(self, path, text=""):
        path = os.path.join(self.top, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)

    def link(self, path, to):
        path, to = os.path.join(self.top, path), os.path.join(self.top, to)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.makedirs(to, exist_ok=True)
        os.symlink(os.path.relpath(to, os.path.dirname(path)), path)

    def device(self, path, group, driver, cdev=None):
        at = f"sys/kernel/iommu_groups/{group}"
        self.link(f"{at}/devices/{os.path.basename(path)}", path)
        self.file(f"{at}/type", "DMA-FQ\n")
        self.link(f"{path}/driver", f"sys/bus/x/drivers/{driver}")
        if cdev:
            self.file(f"{path}/vfio-dev/{cdev}/dev", "511:0\n")
            self.file(f"dev/vfio/devices/{cdev}")
            self.file(f"dev/vfio/{group}")

    def pci(self, name, group, driver, cdev=None):
        path = f"sys/devices/pci0000:00/{name}"
        self.device(path, group, driver, cdev)
        self.link(f"{path}/iommu", "sys/devices/virtual/iommu/dmar0")

    def process(self, pid, comm, fd, target, info=""):
        self.file(f"proc/{pid}/comm", comm + "\n")
        self.file(f"proc/{pid}/fdinfo/{fd}", "pos:\t0\n" + info)
        os.makedirs(f"{self.top}/proc/{pid}/fd", exist_ok=True)
        os.symlink(target, f"{self.top}/proc/{pid}/fd/{fd}")

    def run_it(self, *words, status=0):
        done = subprocess.run([os.path.join(self.bin.name, "lsvfio"), "--root", self.top, *words],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout

    def look(self, *words):
        found = json.loads(self.run_it("--json", *words))
        return {g["id"]: g for g in found["groups"]}, found

    def test_groups(self):
        groups, _ = self.look()
        self.assertEqual(list(groups), [3, 4, 10, 11])
        self.assertEqual(groups[3]["node"], "/dev/vfio/3")
        self.assertEqual(groups[3]["devices"][0]["cdev"], "/dev/vfio/devices/vfio0")
        self.assertEqual(groups[3]["devices"][0]["path"], "/sys/devices/pci0000:00/0000:00:05.0")
        self.assertEqual(groups[3]["devices"][0]["iommu"], "dmar0")
        self.assertTrue(groups[3]["viable"])
        self.assertFalse(groups[4]["vfio"])
        self.assertIsNone(groups[4]["node"])

    def test_not_viable(self):
        groups, _ = self.look()
        self.assertFalse(groups[10]["viable"])
        self.assertEqual([d["blocks"] for d in groups[10]["devices"]], [False, True])
        self.assertRegex(self.run_it(), r"group 10 .* NOT VIABLE\n"
                         r" +0000:00:06\.1 is bound to virtio-pci\n")

    def test_neutral_drivers(self):
        self.pci("0000:00:06.2", 10, "pcieport")
        self.pci("0000:00:06.3", 10, "pci-stub")
        devices = self.look()[0][10]["devices"]
        self.assertEqual([d["blocks"] for d in devices], [False, True, False, False])

    def test_text_leaves_others_out(self):
        self.assertNotIn("ahci", self.run_it())
        self.assertIn("ahci", self.run_it("-a"))

    def test_openers(self):
        self.process(77, "qemu", 9, "/dev/vfio/devices/vfio0",
                     "vfio-device-syspath: /sys/devices/pci0000:00/0000:00:05.0\n"
                     "vfio-device-state: live\n")
        self.process(78, "dpdk", 5, "/dev/vfio/10")
        self.process(78, "dpdk", 6, "anon_inode:[vfio-device]",
                     "vfio-device-syspath: /sys/devices/pci0000:00/0000:00:06.0\n")
        groups, found = self.look()
        self.assertEqual(groups[3]["devices"][0]["openers"],
                         [{"pid": 77, "command": "qemu", "state": "live"}])
        self.assertEqual([o["pid"] for o in groups[10]["openers"]], [78])
        self.assertEqual([o["pid"] for o in groups[10]["devices"][0]["openers"]], [78])
        self.assertEqual(found["unknown_device_files"], 0)
        self.assertIn("open by 77 (qemu), live", self.run_it())

    def test_kernel_that_hides_the_device(self):
        self.process(79, "qemu", 9, "anon_inode:[vfio-device]")
        self.assertEqual(self.look()[1]["unknown_device_files"], 1)
        self.assertIn("1 open device file of which", self.run_it())

    def test_mediated_devices(self):
        _, found = self.look()
        self.assertEqual(found["parents"][0]["types"],
                         [{"id": "mtty-1", "name": 'Single port "serial"',
                           "device_api": "vfio-pci", "available": 23, "devices": [GUID]}])
        self.assertIn("23 left", self.run_it())

    def test_names(self):
        self.assertEqual(list(self.look("0000:00:06.1")[0]), [10])
        self.assertEqual(list(self.look("4")[0]), [4])
        groups, found = self.look(GUID)
        self.assertEqual((list(groups), len(found["parents"])), ([11], 1))
        self.run_it("nobody", status=1)
        self.run_it("--what", status=2)

    def test_dot(self):
        done = subprocess.run(["dot", "-Tcanon"], input=self.run_it("--dot", "-a"), text=True,
                              stdout=subprocess.PIPE) if self.has_dot() else None
        text = self.run_it("--dot")
        self.assertIn(f'"mtty" -> "{GUID}"', text)
        self.assertIn('"0000:00:06.1" [label="0000:00:06.1\\nvirtio-pci", color=red]', text)
        if done:
            self.assertEqual(done.returncode, 0)

    @staticmethod
    def has_dot():
        return any(os.path.exists(os.path.join(p, "dot"))
                   for p in os.environ.get("PATH", "").split(":"))

    def test_nothing(self):
        with tempfile.TemporaryDirectory() as empty:
            self.top = empty
            self.assertEqual(self.run_it(), "")
            self.assertEqual(self.look()[1]["groups"], [])


if __name__ == "__main__":
    unittest.main()
