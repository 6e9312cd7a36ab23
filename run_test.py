"""Measures a network on test sets: python run_test.py -opt options/test/kodak_4x.yml (--help lists the rest)."""

import os
import sys

# Threads that sleep while they wait: as fast on an idle machine, several times faster on one that does something else.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

if __name__ == "__main__":
    try:
        from hyperthumb.evaluation.main import main

        sys.exit(main())
    except KeyboardInterrupt:  # before there is anything to save
        sys.exit(130)
