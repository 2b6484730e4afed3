#pragma once

#include <functional>
#include <span>

#include "model/decoder.h"
#include "train/group_gradient.h"

namespace troupe::exact {

/// What the checker checks. A test of the checker gives one that errs.
struct Seams {
  using Extend = std::function<void(const Decoder&, std::span<const Decoder::Chunk>,
                                    Decoder::Scratch&, std::span<float>)>;
  using Accumulate = std::function<TokenStats(const GradientJob&, const Group&, TrainWorkspace&)>;

  Extend extend = [](const Decoder& decoder, std::span<const Decoder::Chunk> chunks,
                     Decoder::Scratch& scratch,
                     std::span<float> logits) { decoder.extend(chunks, scratch, logits); };
  Accumulate accumulate = accumulate_group;
};

}  // namespace troupe::exact
