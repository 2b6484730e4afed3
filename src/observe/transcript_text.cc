#include "observe/transcript_text.h"

#include <fmt/format.h>

#include <cstddef>

namespace troupe {
namespace {

/// Length of the valid UTF-8 sequence at the front (RFC 3629), or 0.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const std::size_t length = first < 0x80   ? 1
                             : first < 0xC2 ? 0
                             : first < 0xE0 ? 2
                             : first < 0xF0 ? 3
                             : first < 0xF5 ? 4
                                            : 0;
  if (length == 0 || length > text.size()) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  if (length >= 3) {  // overlong forms, surrogates and values above U+10FFFF
    const unsigned char second = byte(1);
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) return 0;
    if ((first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return 0;
  }
  return length;
}

/// Each line of `text` behind a margin, so that prompts of many lines stay apart from answers.
void add_block(std::string& out, const char* label, const std::string& text) {
  std::size_t at = 0;
  bool first = true;
  do {
    const std::size_t end = text.find('\n', at);
    const std::string line = text.substr(at, end == std::string::npos ? end : end - at);
    out += fmt::format("  {:<7}| {}\n", first ? label : "", line);
    first = false;
    at = end == std::string::npos ? text.size() : end + 1;
  } while (at < text.size());
}

}  // namespace

std::string visible(std::string_view text, bool keep_newlines) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text.substr(at));
    const auto byte = static_cast<unsigned char>(text[at]);
    const bool c1_control =
        length == 2 && byte == 0xC2 && static_cast<unsigned char>(text[at + 1]) < 0xA0;
    if (c1_control) {
      out += fmt::format("\\xc2\\x{:02x}", static_cast<unsigned char>(text[at + 1]));
    } else if (length == 0 || byte == 0x7F || (byte < 0x20 && byte != '\n' && byte != '\t')) {
      out += fmt::format("\\x{:02x}", byte);
    } else if (byte == '\n') {
      out += keep_newlines ? "\n" : "\\n";
    } else if (byte == '\t') {
      out += "\\t";
    } else if (byte == '\\') {
      out += "\\\\";
    } else {
      out.append(text.substr(at, length));
    }
    at += length == 0 ? 1 : length;
  }
  return out;
}

std::string transcript_text(const Transcript& transcript, const std::string& heading) {
  std::string rewards;
  for (const auto& [agent, reward] : transcript.rewards) {
    rewards += fmt::format("{}{} {:.3g}", rewards.empty() ? "" : ", ", visible(agent), reward);
  }
  std::string end = transcript.success ? "SOLVED" : "not solved";
  if (!transcript.limit.empty()) end += fmt::format(" (limit: {})", visible(transcript.limit));
  std::string out = fmt::format("{}  task {}  {}  reward: {}\n", heading, visible(transcript.task),
                                end, rewards.empty() ? "none" : rewards);
  int number = 0;
  for (const TranscriptTurn& turn : transcript.turns) {
    out += fmt::format("  turn {}, {}{}\n", ++number, visible(turn.agent),
                       turn.truncated ? " (cut by a length limit)" : "");
    add_block(out, "prompt", visible(turn.prompt, true));
    add_block(out, "answer", visible(turn.answer, true));
  }
  return out;
}

}  // namespace troupe
