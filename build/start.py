"""The entry of the frozen program: like `python -m desktop`, whose __main__ the worker process imports again."""

import sys

from desktop.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
