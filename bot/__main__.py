"""`python -m bot`."""

import os

# Read by the embedding's thread library when it loads, so they are set before anything else is imported.
for _name, _value in {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "0"}.items():
    os.environ.setdefault(_name, _value)

from bot.cli import main

raise SystemExit(main())
