#include <fmt/format.h>

#include <algorithm>

#include "orchestrate/exact/model_checks.h"

namespace troupe::exact {
namespace {

std::vector<int> all_positions(std::size_t tokens) {
  std::vector<int> positions(tokens);
  for (std::size_t i = 0; i < tokens; ++i) positions[i] = static_cast<int>(i);
  return positions;
}

/// A pack: sequences of the case in a random order, and for each the positions that are scored.
struct Pack {
  std::vector<std::size_t> order;
  std::vector<std::vector<int>> scored;
  std::vector<TrainPass::Sequence> sequences;
  struct Place {
    std::size_t sequence, position;
  };
  std::vector<Place> places;  ///< of every scored row
};

Pack draw_pack(const Case& drawn, Rng& rng) {
  Pack pack;
  for (std::size_t i = 0; i < drawn.sequences.size() + rng.below(3); ++i) {
    pack.order.push_back(i % drawn.sequences.size());
    std::swap(pack.order.back(), pack.order[rng.below(pack.order.size())]);
  }
  for (const std::size_t s : pack.order) {
    pack.scored.emplace_back();
    for (std::size_t i = 0; i < drawn.sequences[s].tokens.size(); ++i) {
      if (rng.below(3) == 0) continue;
      pack.scored.back().push_back(static_cast<int>(i));
      pack.places.push_back({s, i});
    }
  }
  for (std::size_t i = 0; i < pack.order.size(); ++i) {
    pack.sequences.push_back({drawn.sequences[pack.order[i]].tokens, pack.scored[i]});
  }
  return pack;
}

}  // namespace

Expected::Expected(const Decoder& decoder, const std::vector<CaseSequence>& sequences)
    : vocab_(static_cast<std::size_t>(decoder.config().vocab)) {
  for (const CaseSequence& sequence : sequences) {
    const auto scored = all_positions(sequence.tokens.size());
    const TrainPass::Sequence one{sequence.tokens, scored};
    TrainPass pass;
    std::vector<float>& all = logits_.emplace_back();
    pass.run(decoder, {&one, 1}, [&](std::size_t /*index*/, std::span<float> logits) {
      all.insert(all.end(), logits.begin(), logits.end());
    });
  }
}

std::span<const float> Expected::at(std::size_t sequence, std::size_t position) const {
  return {logits_[sequence].data() + position * vocab_, vocab_};
}

void check_training(const Case& drawn, const Decoder& decoder, const Expected& expected,
                    Tally& tally) {
  Rng rng = drawn.rng("training");
  const Pack pack = draw_pack(drawn, rng);
  const std::size_t size = drawn.weights->layout.size();
  const auto compare = [&](Kind kind, std::size_t index, std::span<const float> logits) {
    const Pack::Place place = pack.places[index];
    tally.compare(kind, expected.at(place.sequence, place.position), logits, [&] {
      return fmt::format("logits after position {} of sequence {}, in a pack of {}", place.position,
                         place.sequence, pack.order.size());
    });
  };
  // d(loss)/d(logits) that depends on the logits: a wrong bit in them reaches the gradient.
  const auto loss = [&](std::size_t index, std::span<float> logits) {
    const float weight = 0.25F + 0.125F * static_cast<float>(index % 5);
    for (float& x : logits) x *= weight;
  };
  TrainPass kept;
  TrainPass again(TrainPass::Options{.recompute = true});
  std::vector<float> gradient(size, 0.0F);
  std::vector<float> recomputed(size, 0.0F);
  kept.run(
      decoder, pack.sequences,
      [&](std::size_t index, std::span<float> logits) {
        compare(Kind::kPacking, index, logits);
        loss(index, logits);
      },
      gradient);
  again.run(
      decoder, pack.sequences,
      [&](std::size_t index, std::span<float> logits) {
        compare(Kind::kRecompute, index, logits);
        loss(index, logits);
      },
      recomputed);
  tally.compare(Kind::kRecompute, gradient, recomputed, [&] {
    return fmt::format("gradient of a pack of {} sequences, in the layout of the weights",
                       pack.order.size());
  });
}

}  // namespace troupe::exact
