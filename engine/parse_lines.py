"""Parses texts with the trained model as Rasa serves it: JSON lines in, JSON lines out (engine environment).

in: {"text": …, "language"?: …}   out: {"intent", "confidence", "ranking": [[intent, share], …], "entities": […],
"seconds": what the parsing took}
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path


async def main(model: str) -> None:
    """Reads standard input to its end and writes one line for each."""
    from rasa.core.agent import Agent

    agent = Agent.load(model)
    rows = [json.loads(line) for line in sys.stdin if line.strip()]
    for done, row in enumerate(rows, 1):
        began = time.perf_counter()
        parsed = await agent.parse_message(row["text"])
        took = time.perf_counter() - began
        answer = {
            "intent": parsed["intent"]["name"],
            "confidence": parsed["intent"]["confidence"],
            "ranking": [[each["name"], each["confidence"]] for each in parsed["intent_ranking"]],
            "entities": [[each["entity"], each["value"]] for each in parsed["entities"]],
            "seconds": took,
        }
        print(json.dumps(answer, ensure_ascii=False), flush=True)
        if done % 500 == 0:
            print(f"{done} of {len(rows)}", file=sys.stderr)


if __name__ == "__main__":
    asyncio.run(main(str(Path(sys.argv[1]))))
