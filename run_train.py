"""Trains a network: python run_train.py -opt options/train/lite_4x.yml (--help lists the rest)."""

import os
import sys

# Threads that sleep while they wait: as fast on an idle machine, several times faster on one that does something else.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

if __name__ == "__main__":
    try:
        from hyperthumb.training.main import main

        sys.exit(main())
    except KeyboardInterrupt:  # before there is anything to save
        sys.exit(130)
