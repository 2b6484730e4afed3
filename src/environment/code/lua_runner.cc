#include "environment/code/lua_runner.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <cmath>

namespace troupe {
namespace {

/// Reads {code, inputs} as a Lua table, runs the code on each input, and writes one line: "E" and
/// the syntax error, or for each input "i" and an integer, "s" and a text, "e" and an error, or
/// "n". Texts are in hexadecimal digits.
const char* const kProgram = R"lua(
local stdin, stdout, stderr = io.stdin, io.stdout, io.stderr
local format, gsub, byte, concat = string.format, string.gsub, string.byte, table.concat
local load, pcall, type, tostring, tointeger = load, pcall, type, tostring, math.tointeger
local function hex(s)
  return (gsub(s, '.', function(c) return format('%02x', byte(c)) end))
end
local function show(ok, v)
  -- Addresses differ from run to run.
  if not ok then return 'e' .. hex(gsub(tostring(v), '0x%x+', '0x')) end
  if type(v) == 'number' and tointeger(v) then return format('i%d', tointeger(v)) end
  if type(v) == 'string' and #v <= 4096 then return 's' .. hex(v) end
  return 'n'
end
stdout:write('ready\n')
stdout:flush()
local job = load('return ' .. stdin:read('l'))()
math.randomseed(1)
io.output(stderr)
io.stdout = stderr
function print(...)
  local words = table.pack(...)
  for i = 1, words.n do words[i] = tostring(words[i]) end
  stderr:write(concat(words, '\t'), '\n')
end
-- What is refused shows in the errors, also where the answer does not look at them.
for place, names in pairs({[io] = {'open'}, [os] = {'remove', 'rename'}}) do
  for _, name in ipairs(names) do
    local call = place[name]
    place[name] = function(...)
      local done, why, code = call(...)
      if not done then stderr:write(tostring(why), '\n') end
      return done, why, code
    end
  end
end
for place, name in pairs({[io] = 'popen', [os] = 'execute'}) do
  local call = place[name]
  place[name] = function(command, ...)
    return call(command and 'export LC_ALL=C; ' .. command, ...)
  end
end
local answer, wrong = load('local x = ...; ' .. job.code, '=answer', 't')
local results = {}
if not answer then
  results[1] = 'E' .. hex(wrong)
else
  for i = 1, #job.inputs do results[i] = show(pcall(answer, job.inputs[i])) end
end
stdout:write('reply ', concat(results, ' '), '\n')
stdout:flush()
)lua";
constexpr std::string_view kMarker = "reply ";

/// Every byte but letters and digits by its number, so that the line stays one.
std::string lua_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ';
    if (plain) {
      out += c;
    } else {
      out += fmt::format("\\{:03}", static_cast<unsigned char>(c));
    }
  }
  return out + '"';
}

std::optional<std::string> from_hex(std::string_view digits) {
  std::string out;
  for (std::size_t at = 0; at + 1 < digits.size(); at += 2) {
    unsigned char byte = 0;
    const auto [end, error] = std::from_chars(digits.data() + at, digits.data() + at + 2, byte, 16);
    if (error != std::errc() || end != digits.data() + at + 2) return std::nullopt;
    out += static_cast<char>(byte);
  }
  if (digits.size() % 2 != 0) return std::nullopt;
  return out;
}

/// Takes one word of the program's line.
void take(std::string_view word, LuaRun& run) {
  std::optional<CodeValue> value;
  const std::string_view rest = word.empty() ? word : word.substr(1);
  if (word.starts_with('i')) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error == std::errc() && end == rest.data() + rest.size()) value = number;
  } else if (word.starts_with('s')) {
    if (auto text = from_hex(rest)) value = std::move(*text);
  } else if ((word.starts_with('e') || word.starts_with('E')) && run.error.empty()) {
    run.error = from_hex(rest).value_or("").substr(0, LuaRunner::kLongestError);
  }
  run.results.push_back(std::move(value));
}

LuaRun read_reply(const SandboxReply& reply, std::size_t inputs) {
  LuaRun run;
  run.limit = reply.limit;
  const std::string_view line = reply.line;
  run.compiled = reply.limit == SandboxLimit::kNone && !line.starts_with('E');
  for (std::size_t at = 0; at < line.size() && run.results.size() < inputs;) {
    const std::size_t end = std::min(line.find(' ', at), line.size());
    take(line.substr(at, end - at), run);
    at = end + 1;
  }
  run.results.resize(inputs);
  if (run.limit != SandboxLimit::kNone) return run;
  // What the fence refuses ends in Lua's own error.
  const bool starved = run.error.ends_with("not enough memory");
  run.limit = starved ? SandboxLimit::kMemory : refused_by(reply.errors);
  return run;
}

}  // namespace

std::string lua_literal(const CodeValue& value) {
  if (const auto* number = std::get_if<std::int64_t>(&value)) return std::to_string(*number);
  if (const auto* text = std::get_if<std::string>(&value)) return lua_text(*text);
  return fmt::format("{{{}}}", fmt::join(std::get<std::vector<std::int64_t>>(value), ","));
}

LuaRunner::LuaRunner(Sandbox sandbox, const Options& options)
    : limits_(options.limits),
      pool_(std::move(sandbox), SandboxPool::Options{options.ready, "ready", 30}) {}

Result<std::unique_ptr<LuaRunner>> LuaRunner::make(Options options) {
  SandboxFence fence;
  fence.as_nobody = true;
  fence.processes = options.limits.threads + 8;  // so that the limit is seen to be passed
  fence.address_space_bytes = options.limits.memory_bytes + (std::uint64_t{64} << 20);
  fence.file_bytes = std::uint64_t{16} << 20;
  fence.cpu_seconds = static_cast<std::uint64_t>(std::ceil(2 * options.limits.seconds)) + 2;
  auto sandbox = Sandbox::make(Sandbox::Kind::kBubblewrap, {"lua5.4", "-E", "-e", kProgram}, fence);
  if (!sandbox) {
    if (sandbox.error().code != ErrorCode::kNotFound) return tl::unexpected(sandbox.error());
    return fail(ErrorCode::kUnavailable,
                "there is no program lua5.4 in PATH; install Debian's package lua5.4");
  }
  std::unique_ptr<LuaRunner> runner(new LuaRunner(std::move(*sandbox), options));
  TROUPE_ASSIGN(const LuaRun probe, runner->run("return x", {std::int64_t{7}}));
  if (probe.results[0] == CodeValue(std::int64_t{7})) return runner;
  return fail(ErrorCode::kUnavailable,
              fmt::format("Lua in a sandbox does not give back what it is given (limit: {})",
                          limit_name(probe.limit)));
}

Result<LuaRun> LuaRunner::run(const std::string& code, const std::vector<CodeValue>& inputs) {
  std::vector<std::string> literals;
  for (const CodeValue& input : inputs) literals.push_back(lua_literal(input));
  const std::string line =
      fmt::format("{{code={},inputs={{{}}}}}", lua_text(code), fmt::join(literals, ","));
  TROUPE_ASSIGN(const SandboxReply reply, pool_.ask(line, limits_, kMarker));
  return read_reply(reply, inputs.size());
}

}  // namespace troupe
