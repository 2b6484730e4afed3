#!/bin/bash
# troupe generate: the same seed gives the same samples, whatever runs beside them; greedy decoding,
# stops, and what a terminal sees.   generate_test.sh PROGRAM SOURCE_DIR
program=$1 source=$2
. "$source/tests/program.sh"
cd "$work"
model=$source/src/model/testdata/foreign-llama
# sample NAME ARGUMENTS...: JSON lines into NAME.json
sample() {
  local name=$1
  shift
  "$program" generate "$model" --max-tokens 40 --json "$@" > "$name.json" 2> "$name.log" < /dev/null ||
    fail "$name: $(cat "$name.log")"
}
# check WHAT FILES... CONDITION: a Python condition over the lines of the files, a list for each.
check() {
  python3 - "$@" <<'P' || fail "$1"
import json, sys
files = [[json.loads(line) for line in open(f"{name}.json")] for name in sys.argv[2:-1]]
keep = ("tokens", "logprobs", "text", "finish_reason")
kept = [[{k: row[k] for k in keep} for row in rows] for rows in files]
sys.exit(not eval(sys.argv[-1]))
P
}

# --- seeds and neighbours
sample alone --prompt "The quick"
sample again --prompt "The quick"
sample seed2 --prompt "The quick" --seed 2
cmp -s alone.json again.json || fail "two runs with the same seed differ"
check "the seed does nothing" alone seed2 'files[0][0]["tokens"] != files[1][0]["tokens"]'
sample beside --prompt "def add(a, b):" --prompt "The quick" --prompt "12 + 34 =" -n 5 --threads 3
check "a sample changed with others beside it" alone beside 'kept[1][5] == kept[0][0] and len(kept[1]) == 15'
check "samples of a prompt are alike" beside 'len({tuple(row["tokens"]) for row in files[0]}) == 15'
check "the order" beside '[(r["prompt"], r["sample"]) for r in files[0]] == [(p, s) for p in range(3) for s in range(5)]'
printf 'def add(a, b):\nThe quick\n' | "$program" generate "$model" --max-tokens 40 --json > lines.json 2> lines.log
check "prompts from standard input" alone lines 'kept[1][1] == kept[0][0]'
printf 'The quick' > prompt.txt
sample file --prompt-file prompt.txt
check "a prompt from a file" alone file 'files[0] == files[1]'
grep -qE '^40 tokens in [0-9.]+ s: [0-9.]+ tokens/s' alone.log || fail "the last line: $(cat alone.log)"

# --- dtype and memory
sample half --prompt "The quick" --dtype bf16
sample half4 --prompt "The quick" --prompt "x" --dtype bf16 -n 4 --kv-megabytes 1
check "bf16 in a batch" half half4 'kept[0][0] == kept[1][0]'
check "bf16 is fp32" half alone 'files[0][0]["logprobs"] != files[1][0]["logprobs"]'

# --- chat formats
chat=$source/src/model/testdata/foreign-qwen3
for format in none chatml auto; do
  "$program" generate "$chat" --prompt "2 + 2" --max-tokens 5 --chat $format --json > "$format.json" 2> chat.log || fail "$(cat chat.log)"
done
check "auto is not chatml" chatml auto 'files[0] == files[1]'
check "a message is not framed" none chatml '(lambda plain, framed: any(framed[i:i + len(plain)] == plain
  for i in range(2, len(framed) - len(plain))))(files[0][0]["prompt_tokens"], files[1][0]["prompt_tokens"])'

# --- settings
sample greedy --prompt "The quick" --temperature 0
sample first --prompt "The quick" --top-k 1
sample first9 --prompt "The quick" --top-k 1 --seed 9
check "top-k 1 is not greedy" greedy first first9 'kept[0] == kept[1] == kept[2]'
check "greedy is no different" greedy alone 'files[0][0]["tokens"] != files[1][0]["tokens"]'
sample cold --prompt "The quick" -n 20 --top-p 0.000001
check "a tiny top-p is not greedy" greedy cold 'all(row == kept[0][0] for row in kept[1])'
sample biased --prompt "The quick" --logit-bias 5=1000
check "a bias does not decide" biased 'set(files[0][0]["tokens"]) == {5} and min(files[0][0]["logprobs"]) < -1'

# --- stops: at a token of the free answer, and at a piece of its text
stop=$(json alone.json 'r["tokens"][20]')
sample token --prompt "The quick" --stop-token "$stop"
check "a stop token" alone token '(lambda free, got, stop: got["finish_reason"] == "stop" and
  got["tokens"] == free["tokens"][:free["tokens"].index(stop) + 1])(files[0][0], files[1][0], files[0][0]["tokens"][20])'
sample long --prompt "The quick" -n 30
python3 - > stops.txt <<'P'
import json, re
# Two letters or digits in a row, from the first sample that has them.
for number, line in enumerate(open("long.json")):
    found = re.search(r"[A-Za-z0-9]{2}", json.loads(line)["text"][5:])
    if found:
        print(number, found[0])
        break
P
read -r number text < stops.txt || fail "no text to stop at"
sample text --prompt "The quick" -n 30 --stop "$text"
check "a stop text" long text "(lambda free, got: got['finish_reason'] == 'stop' and len(got['tokens']) < 40 and
  got['tokens'] == free['tokens'][:len(got['tokens'])] and got['text'] == free['text'].split('''$text''')[0])(files[0][$number], files[1][$number])"

# --- a terminal sees the sample grow, and the same text
"$program" generate "$model" --max-tokens 40 --prompt "The quick" -n 2 > plain.txt 2> plain.log
python3 - "$program" "$model" <<'P' || fail "a terminal"
import json, os, pty, sys
program, model = sys.argv[1:]
chunks = []
def read(fd):
    chunks.append(os.read(fd, 65536))
    return chunks[-1]
real = os.dup(1)
os.dup2(os.open("terminal.txt", os.O_WRONLY | os.O_CREAT), 1)
status = pty.spawn([program, "generate", model, "--max-tokens", "40", "--prompt", "The quick"], read)
os.dup2(real, 1)
seen = b"".join(chunks).replace(b"\r\n", b"\n").decode()
expected = json.loads(open("alone.json").readline())["text"]
assert status == 0
assert seen.startswith(expected + "\n40 tokens in "), (seen, expected)
P
grep -q '^--- prompt 1, sample 2: 40 tokens, length$' plain.txt || fail "the heading of a sample: $(cat plain.txt)"

# --- refusals
refused() {
  local words=$1 code=0 word
  shift
  "$program" generate "$@" > out.txt 2> err.txt < /dev/null || code=$?
  [[ $code -eq 2 && $(grep -c '' err.txt) -eq 1 && ! -s out.txt ]] || fail "exit $code for $*: $(cat err.txt)"
  local IFS='|'
  for word in $words; do grep -qF -- "$word" err.txt || fail "'$word' is not in: $(cat err.txt)"; done
}
refused "nowhere/config.json|model folder" nowhere --prompt x
refused "no prompt|--prompt" "$model"
refused "prompt 2 has 0 tokens|lengthen" "$chat" --prompt x --prompt ""
refused "prompt 1 has|max_position_embeddings|shorten" "$model" --prompt "$(printf 'x y %.0s' {1..400})"
refused "--stop-token|vocabulary" "$model" --prompt x --stop-token 99999
refused "--stop|empty" "$model" --prompt x --stop ""
refused "--top-k = 9999|nothing" "$model" --prompt x --top-k 9999
refused "--top-p|temperature 0" "$model" --prompt x --top-p 0.5 --temperature 0
refused "--temperature = -1" "$model" --prompt x --temperature -1
refused "--logit-bias|ID=BIAS" "$model" --prompt x --logit-bias 5
refused "--logit-bias names token 99999" "$model" --prompt x --logit-bias 99999=1
refused "end token" "$model" --prompt x --end-token nothing
refused "--prompt-file|excludes" "$model" --prompt x --prompt-file prompt.txt
refused "--chat|llama3" "$chat" --prompt x --chat llama3
refused "--system would do nothing" "$chat" --prompt x --system y
refused "--dtype|fp16" "$model" --prompt x --dtype fp16
refused "--logprobs" "$model" --prompt x --json --logprobs
echo "generate: all as promised"
