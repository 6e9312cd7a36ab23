"""Trains a network: python run_train.py -opt options/train/lite_4x.yml (--help lists the rest)."""

import sys

from hyperthumb.training.main import main

if __name__ == "__main__":
    sys.exit(main())
