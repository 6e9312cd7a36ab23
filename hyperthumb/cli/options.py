"""hyperthumb options: what options files may say."""

from __future__ import annotations

import argparse

from .arguments import new_parser

_EXAMPLES = """\
examples:
  hyperthumb options train.total_iter
  hyperthumb options gt_size        every key of this name
  hyperthumb options val            a whole section
  hyperthumb options LiteDecoder    the arguments of a class
"""


def build_parser() -> argparse.ArgumentParser:
    parser = new_parser("options", "Prints keys of options files: type, range, default and meaning.", _EXAMPLES)
    parser.add_argument("key", nargs="?", metavar="KEY", help="a key, a section or a class; without one, all keys")
    return parser


def run(arguments: argparse.Namespace) -> int:
    from hyperthumb.config.reference import look_up

    print("\n".join(look_up(arguments.key)))
    return 0
