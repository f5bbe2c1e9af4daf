"""`python -m bot`."""

import os

# Read by the embedding's thread library when it loads, so it is set before anything else is imported; the reason
# stands in bot/supervisor.py.
os.environ.setdefault("OMP_NUM_THREADS", "1")

from bot.cli import main

raise SystemExit(main())
