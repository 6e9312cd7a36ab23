"""Trains a network: python run_train.py -opt options/train/zoo/lite_4x.yml (--help lists the rest)."""

import os
import sys

# How long a thread spins while it waits for another: as fast as ever on an idle machine, and on one that does something
# else the other process gets the core instead of the spinning.
os.environ.setdefault("GOMP_SPINCOUNT", "2000")

if __name__ == "__main__":
    try:
        from hyperthumb.training.main import main

        sys.exit(main())
    except KeyboardInterrupt:  # before there is anything to save
        sys.exit(130)
