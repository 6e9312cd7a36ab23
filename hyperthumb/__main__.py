"""python -m hyperthumb: the same as the command `hyperthumb`."""

import sys

from hyperthumb.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
