"""``python -m kit.cli``."""

from __future__ import annotations

import sys

from kit.cli.parser import main

sys.exit(main())
