"""Ends a judge with its verdict: threads of pyarrow sometimes abort Python while it shuts down (Arrow issue 34314)."""

import os
import sys


def leave(failed=False):
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1 if failed else 0)
