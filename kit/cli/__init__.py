"""``kit``: the command line."""

from __future__ import annotations

from kit.cli.parser import build_parser as build_parser
from kit.cli.parser import main as main
