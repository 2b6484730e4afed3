#!/bin/bash
# A run that is killed with kill -9 at random moments and resumed ends as one left alone: a small
# chain team, checkpointed every other step, with and without replaced groups, and with rollout that
# runs up to one and a half versions ahead, or with published versions; and Kuhn poker with the exact numbers of its average.
#   resume_test.sh PROGRAM SOURCE_DIR
set -euo pipefail
program=$1 source=$2
small=(--steps 24 --set warm_start.steps=12 --set checkpoint.every=2 --set eval.every=7
       --set eval.episodes=20 --set eval.final_episodes=50)
"$source/tools/kill_resume.sh" -n 6 -s 7 "$program" "$source/examples/chain.toml" "${small[@]}"
"$source/tools/kill_resume.sh" -n 4 -s 8 "$program" "$source/examples/chain.toml" "${small[@]}" \
  --set experience.refill=true --set checkpoint.every=5
"$source/tools/kill_resume.sh" -n 5 -s 9 "$program" "$source/examples/chain.toml" "${small[@]}" \
  --set pipeline.mode=overlap --set pipeline.staleness=1.5 --set checkpoint.every=3
"$source/tools/kill_resume.sh" -n 4 -s 11 "$program" "$source/examples/chain.toml" "${small[@]}" \
  --set versions.publish=true --set versions.anchor_every=5 --set model.dtype=bf16
"$source/tools/kill_resume.sh" -n 5 -s 10 "$program" "$source/examples/kuhn.toml" --steps 60 \
  --set checkpoint.every=7 --set eval.final_episodes=50
