"""A verifier: scores what the agent said about a number. One line of JSON in, one line out.

Troupe starts it for every episode in a sandbox (docs/rewards.md). To see what it does:

    echo '{"reward": {"task": {"question": "3470", "answer": "e"},
                      "exchanges": [{"agent": "solver", "answer": "e"}]}}' | tr -d '\\n' |
        python3 examples/reward/even_or_odd.py
"""

import json
import sys

asked = json.loads(sys.stdin.readline())["reward"]
answer = asked["exchanges"][-1]["answer"]
right = answer == ("e" if int(asked["task"]["question"]) % 2 == 0 else "o")
# A little for an answer of the right form, so that there is something to learn from.
reward = 1.0 if right else 0.2 if answer in ("e", "o") else 0.0
print(json.dumps({"rewards": [reward], "success": right}))
