#!/usr/bin/env python3
"""Compiles the task blocks into the blueprint and its summary; the same as `./hc compile`."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), "src"))

from hingecraft import launch

launch.run("compile", *sys.argv[1:])
