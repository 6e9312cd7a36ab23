"""Measures a network on test sets: python run_test.py -opt options/test/kodak_4x.yml (--help lists the rest)."""

import sys

from hyperthumb.evaluation.main import main

if __name__ == "__main__":
    sys.exit(main())
