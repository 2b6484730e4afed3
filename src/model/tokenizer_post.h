#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "model/tokenizer_added.h"

namespace troupe {

/// The tokens that the post_processor of a tokenizer.json puts before a single text, e.g. Llama 3's
/// <|begin_of_text|>. Knows TemplateProcessing, ByteLevel (which moves character positions only)
/// and a Sequence of these. Refused by name: others, and a template that ends a text with a token,
/// because an answer goes on where its prompt ends. `value` may be null for none.
Result<std::vector<TokenId>> parse_opening(const nlohmann::json* value, const AddedTokens& added);

}  // namespace troupe
