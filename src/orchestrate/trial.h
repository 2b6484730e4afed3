#pragma once

#include <map>
#include <memory>
#include <string>

#include "model/chat.h"
#include "orchestrate/run_options.h"

namespace troupe {

/// How an agent's policy reads: its tokenizer, its chat format if it has one and the tokens of its
/// whole context.
struct Reader {
  std::shared_ptr<const Tokenizer> tokenizer;
  std::shared_ptr<const ChatFormat> chat;
  int max_context = 0;
  int max_answer = 0;  ///< tokens
};

/// Begins one task as a run would, so that what can never work is refused before anything is
/// written: an environment that does not start, a prompt that the tokenizer cannot express or that
/// fills the context, a warm start without a teacher. `readers` by agent. May block.
Status try_first_task(const RunOptions& options, const std::map<std::string, Reader>& readers);

}  // namespace troupe
