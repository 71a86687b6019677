#!/usr/bin/env python3
"""./hc COMMAND: the hingecraft command in an environment of its own, which the first start makes."""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "src"))

from hingecraft import launch

launch.run(*sys.argv[1:])
