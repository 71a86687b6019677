#!/usr/bin/env python3
"""Builds the database, task by task, each verified; the same as `./hc build`."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.realpath(__file__))), "src"))

from hingecraft import launch

launch.run("build", *sys.argv[1:])
