# SPDX-License-Identifier: GPL-2.0-only
"""The bench: boots the base's kernel and ours with the same programs, compares figures."""
import os
import sys

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "bed"))

TREES = ("base", "ours")
# How a guest's clock goes: by instructions, or as it comes under TCG.
MODES = ("insn", "time")
