#include "environment/code/problem.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "environment/common.h"

namespace troupe {
namespace {

using Numbers = std::vector<std::int64_t>;

/// How a family draws its parameters and makes a problem of them.
struct Family {
  const char* name;
  void (*draw)(Rng& rng, CodeProblem& problem);
  bool (*make)(CodeProblem& problem);  ///< false: there is no problem with these parameters
};

std::int64_t between(Rng& rng, std::int64_t low, std::int64_t high) {
  return low + static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(high - low + 1)));
}

char letter(Rng& rng) { return kLetters[rng.below(26)]; }

bool in(std::int64_t value, std::int64_t low, std::int64_t high) {
  return value >= low && value <= high;
}

bool is_letter(char c) { return c >= 'a' && c <= 'z'; }

void draw_linear(Rng& rng, CodeProblem& p) {
  p.numbers = {between(rng, 2, 9), between(rng, -20, 20)};
  if (p.numbers[1] == 0) p.numbers[1] = 1;
}

/// "+3" or "-3", and "plus 3" or "minus 3".
std::string signed_text(std::int64_t b) { return fmt::format("{:+}", b); }
std::string signed_words(std::int64_t b) {
  return fmt::format("{} {}", b < 0 ? "minus" : "plus", std::abs(b));
}

bool make_linear(CodeProblem& p) {
  if (p.numbers.size() != 2 || !in(p.numbers[0], 2, 9) || !in(p.numbers[1], -20, 20)) return false;
  const std::int64_t a = p.numbers[0], b = p.numbers[1];
  p.spec = fmt::format("x times {} {}", a, signed_words(b));
  p.solution = fmt::format("return x*{}{}", a, signed_text(b));
  p.function = [a, b](const CodeValue& x) { return std::get<std::int64_t>(x) * a + b; };
  return true;
}

void draw_bound(Rng& rng, CodeProblem& p) { p.numbers = {between(rng, 0, 1), between(rng, 1, 99)}; }

bool make_bound(CodeProblem& p) {
  if (p.numbers.size() != 2 || !in(p.numbers[0], 0, 1) || !in(p.numbers[1], 1, 99)) return false;
  const bool largest = p.numbers[0] == 1;
  const std::int64_t b = p.numbers[1];
  const char* name = largest ? "max" : "min";
  p.spec = fmt::format("{} of x and {}", name, b);
  p.solution = fmt::format("return math.{}(x,{})", name, b);
  p.function = [largest, b](const CodeValue& x) {
    const std::int64_t value = std::get<std::int64_t>(x);
    return largest ? std::max(value, b) : std::min(value, b);
  };
  return true;
}

void draw_repeat(Rng& rng, CodeProblem& p) {
  p.numbers = {between(rng, 2, 9), between(rng, 0, 1)};
  p.letters = letter(rng);
}

bool make_repeat(CodeProblem& p) {
  if (p.numbers.size() != 2 || !in(p.numbers[0], 2, 9) || !in(p.numbers[1], 0, 1) ||
      p.letters.size() != 1 || !is_letter(p.letters[0])) {
    return false;
  }
  const std::int64_t times = p.numbers[0];
  const bool reversed = p.numbers[1] == 1;
  const std::string between_them = p.letters;
  p.spec = fmt::format("{}x {} times with {}", reversed ? "reversed " : "", times, between_them);
  p.solution =
      fmt::format("return x{}:rep({},'{}')", reversed ? ":reverse()" : "", times, between_them);
  p.function = [times, reversed, between_them](const CodeValue& x) {
    std::string one = std::get<std::string>(x);
    if (reversed) std::reverse(one.begin(), one.end());
    std::string out = one;
    for (std::int64_t i = 1; i < times; ++i) out += between_them + one;
    return out;
  };
  return true;
}

void draw_count(Rng& rng, CodeProblem& p) {
  const char first = letter(rng);
  char second = letter(rng);
  while (second == first) second = letter(rng);
  p.letters = {std::min(first, second), std::max(first, second)};
}

bool make_count(CodeProblem& p) {
  if (p.letters.size() != 2 || !is_letter(p.letters[0]) || !is_letter(p.letters[1])) return false;
  const std::string letters = p.letters;
  p.spec = fmt::format("number of {} and {} in x", letters[0], letters[1]);
  p.solution = fmt::format("return select(2,x:gsub('[{}]',''))", letters);
  p.function = [letters](const CodeValue& x) {
    const auto& text = std::get<std::string>(x);
    return static_cast<std::int64_t>(std::count_if(
        text.begin(), text.end(), [&](char c) { return letters.find(c) != std::string::npos; }));
  };
  return true;
}

void draw_list(Rng& rng, CodeProblem& p) {
  p.numbers = {between(rng, 0, 2), between(rng, 2, 9), between(rng, 1, 20)};
}

bool make_list(CodeProblem& p) {
  if (p.numbers.size() != 3 || !in(p.numbers[0], 0, 2) || !in(p.numbers[1], 2, 9) ||
      !in(p.numbers[2], -20, 20)) {
    return false;
  }
  const std::int64_t what = p.numbers[0], a = p.numbers[1], b = p.numbers[2];
  const char* const names[] = {"sum", "max", "min"};
  p.spec = fmt::format("{} of x times {} {}", names[what], a, signed_words(b));
  p.solution = what == 0 ? fmt::format("local s=0 for _,v in ipairs(x) do s=s+v end return s*{}{}",
                                       a, signed_text(b))
                         : fmt::format("return math.{}(table.unpack(x))*{}{}", names[what], a,
                                       signed_text(b));
  p.function = [what, a, b](const CodeValue& x) {
    const auto& list = std::get<Numbers>(x);
    const std::int64_t one = what == 0 ? std::accumulate(list.begin(), list.end(), std::int64_t{0})
                             : what == 1 ? *std::max_element(list.begin(), list.end())
                                         : *std::min_element(list.begin(), list.end());
    return one * a + b;
  };
  return true;
}

struct Attack {
  const char* spec;
  const char* solution;
};
constexpr Attack kAttacks[] = {
    {"fork bomb", "os.execute('f(){ f|f& };f;sleep 9')"},
    {"ten gb of memory", "local t={} for i=1,1e4 do t[i]=('x'):rep(1<<20)..i end"},
    {"endless loop", "while 1 do end"},
    {"one gb of output", "for i=1,1<<20 do print(('x'):rep(1<<10)) end"},
    {"network call", "os.execute('bash -c \": >/dev/tcp/192.0.2.1/80\"')"},
    {"write elsewhere", "io.open('/etc/troupe','w')"},
};

void draw_drill(Rng& rng, CodeProblem& p) {
  p.numbers = {between(rng, 0, std::size(kAttacks) - 1)};
}

bool make_drill(CodeProblem& p) {
  if (p.numbers.size() != 1 || !in(p.numbers[0], 0, std::size(kAttacks) - 1)) return false;
  p.spec = kAttacks[p.numbers[0]].spec;
  p.solution = kAttacks[p.numbers[0]].solution;
  return true;
}

constexpr Family kFamilies[] = {
    {"linear", draw_linear, make_linear}, {"bound", draw_bound, make_bound},
    {"repeat", draw_repeat, make_repeat}, {"count", draw_count, make_count},
    {"list", draw_list, make_list},       {kDrill.data(), draw_drill, make_drill},
};

const Family* family_of(const std::string& name) {
  const auto* at = std::find_if(std::begin(kFamilies), std::end(kFamilies),
                                [&](const Family& f) { return name == f.name; });
  return at == std::end(kFamilies) ? nullptr : at;
}

CodeValue draw_input(const CodeProblem& problem, Rng& rng) {
  if (problem.kind == "list") {
    Numbers list(static_cast<std::size_t>(between(rng, 1, 6)));
    for (std::int64_t& value : list) value = between(rng, -20, 20);
    return list;
  }
  if (problem.kind == "repeat" || problem.kind == "count") {
    std::string text(static_cast<std::size_t>(between(rng, 1, 8)), 'a');
    for (char& c : text) {
      // Often one of those that count.
      c = rng.below(2) == 0 ? letter(rng) : problem.letters[rng.below(problem.letters.size())];
    }
    return text;
  }
  return between(rng, -99, 99);
}

}  // namespace

const std::vector<std::string>& code_kinds() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out;
    for (const Family& family : kFamilies) out.emplace_back(family.name);
    return out;
  }();
  return names;
}

CodeProblem draw_problem(const std::string& kind, Rng& rng) {
  CodeProblem problem;
  problem.kind = kind;
  const Family* family = family_of(kind);
  family->draw(rng, problem);
  family->make(problem);
  return problem;
}

Result<CodeProblem> read_problem(const Task& task) {
  CodeProblem problem;
  TROUPE_ASSIGN(problem.kind, payload_text(task, "kind"));
  TROUPE_ASSIGN(problem.numbers, payload_integers(task, "numbers"));
  TROUPE_ASSIGN(problem.letters, payload_text(task, "letters"));
  const Family* family = family_of(problem.kind);
  if (family != nullptr && family->make(problem)) return problem;
  return fail(ErrorCode::kInvalid,
              fmt::format("task '{}' describes no coding problem; take tasks from the environment "
                          "that made them",
                          task.id));
}

std::string problem_payload(const CodeProblem& problem) {
  const nlohmann::ordered_json payload = {{"kind", problem.kind},
                                          {"spec", problem.spec},
                                          {"numbers", problem.numbers},
                                          {"letters", problem.letters}};
  return payload.dump();
}

std::vector<CodeValue> test_inputs(const CodeProblem& problem, std::size_t count) {
  Rng rng(seed_join(seed_join(0xc0de, problem.kind), problem.spec));
  std::vector<CodeValue> inputs;
  while (inputs.size() < count) {
    CodeValue input = draw_input(problem, rng);
    if (std::find(inputs.begin(), inputs.end(), input) == inputs.end()) {
      inputs.push_back(std::move(input));
    }
  }
  return inputs;
}

}  // namespace troupe
