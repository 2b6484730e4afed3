#!/bin/bash
# What the documentation says of options is what the program says: every option is in docs/run-file.md
# with its default and meaning, every key that any page names exists, complete run files in the pages
# are accepted, and links lead somewhere.   docs_test.sh PROGRAM SOURCE_DIR [--update]
# --update first writes the rows of docs/run-file.md anew and adds those of new options; a new table
# needs its first row by hand.
program=$1 source=$2 update=${3:-}
. "$source/tests/program.sh"
"$program" explain > "$work/explain.txt"
"$program" simulate explain > "$work/simulate.txt"
cd "$source"
python3 - "$program" "$work" "$update" <<'P'
import glob, os, re, subprocess, sys
program, work, update = sys.argv[1:]
problems = []

# `troupe explain` prints one line an option: key, two spaces or more, meaning, (default VALUE).
# A key of several environments comes more than once, and the page has it in the same order.
known = []
for line in open(f"{work}/explain.txt"):
    match = re.fullmatch(r"  (\S+) +(.*) \(default (.*)\)", line.rstrip("\n"))
    assert match, line
    key, meaning, default = match.groups()
    known.append((key, f"| `{key}` | `{default}` | {meaning} |"))
keys = {key for key, _ in known}
assert len(keys) > 80, "explain printed too little"
tables = {key.split(".")[0] for key in keys} - {"policy"}

def rows_of(text):
    return [(m[1], m[0]) for m in re.finditer(r"^\| `([A-Za-z_0-9.]+)` \| .* \|$", text, re.M)]

text = open("docs/run-file.md").read()
if update == "--update":
    left = {}
    for key, row in known:
        left.setdefault(key, []).append(row)
    fresh = lambda m: left[m[1]].pop(0) if left.get(m[1]) else m[0]
    text = re.sub(r"^\| `([A-Za-z_0-9.]+)` \| .* \|$", fresh, text, flags=re.M)
    # A new option's row goes behind that of the option before it in its table.
    for (before, _), (key, row) in zip(known, known[1:]):
        if re.search(rf"^\| `{re.escape(key)}` \|", text, re.M): continue
        if before.split(".")[0] != key.split(".")[0]: continue
        place = re.search(rf"^\| `{re.escape(before)}` \| .* \|$", text, re.M)
        if place: text = text[:place.end()] + "\n" + row + text[place.end():]
    open("docs/run-file.md", "w").write(text)
said = rows_of(text)
for key, row in sorted(set(known) - set(said)):
    problems.append(f"docs/run-file.md lacks: {row}")
for key, row in sorted(set(said) - set(known)):
    problems.append(f"docs/run-file.md has what explain does not say: {row}")

# A simulation's file shares names of tables with a run file, and has options of its own.
keys |= {line.split()[0] for line in open(f"{work}/simulate.txt")}

files = {"toml", "safetensors", "json", "jsonl", "cc", "h", "md", "svg"}
pages = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md"] + sorted(glob.glob("docs/**/*.md", recursive=True))
for page in pages:
    text = open(page).read()
    named = re.findall(r"`(?:policy\.\w+\.)?([a-z_]+\.[a-z_0-9]+)(?: = [^`]*)?`", text)
    named += re.findall(r"(?:--set|explain) (?:policy\.\w+\.)?([a-z_]+\.[a-z_0-9]+)", text)
    for key in named:
        table, name = key.split(".")
        if table in tables and name not in files and key not in keys:
            problems.append(f"{page}: there is no option {key}")
    for number, block in enumerate(re.findall(r"^```toml\n(\[run\].*?)^```", text, re.M | re.S)):
        path = f"{work}/{number}.toml"
        open(path, "w").write(block)
        done = subprocess.run([program, "plan", path], capture_output=True, text=True)
        if done.returncode != 0:
            problems.append(f"{page}: a run file is refused: {done.stderr}")
    prose = re.sub(r"^ *```.*?^ *```", "", text, flags=re.M | re.S)
    for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", prose):
        if "://" not in link and not os.path.exists(os.path.join(os.path.dirname(page), link)):
            problems.append(f"{page}: the link {link} leads nowhere")

print("\n".join(problems) or f"{len(keys)} options and {len(pages)} pages agree")
sys.exit(bool(problems))
P
