#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/crew.h"
#include "orchestrate/exact/model_checks.h"

namespace troupe::exact {
namespace {

/// A cache on its way through one sequence of the case.
struct Reader {
  std::size_t sequence;
  KvCache cache;
};

/// Feeds caches and compares what comes out.
class Rollout {
 public:
  Rollout(const Case& drawn, const Decoder& decoder, const Expected& expected, const Seams& seams,
          Tally& tally)
      : case_(drawn),
        decoder_(decoder),
        expected_(expected),
        seams_(seams),
        tally_(tally),
        capacity_(drawn.config().max_positions) {}

  void decode() {
    for (std::size_t s = 0; s < count(); ++s) {
      Reader reader = read(s);
      while (left(reader) > 0) feed(Kind::kDecode, reader, 1);
    }
  }

  void chunks() {
    Rng rng = case_.rng("chunks");
    for (std::size_t s = 0; s < count(); ++s) {
      Reader whole = read(s);
      feed(Kind::kChunks, whole, left(whole));
      Reader cut = read(s);
      while (left(cut) > 0) feed(Kind::kChunks, cut, 1 + rng.below(left(cut)));
    }
  }

  /// All sequences, some of them twice, advance in random company and in random places.
  void batches() {
    Rng rng = case_.rng("batches");
    std::vector<Reader> readers;
    for (std::size_t i = 0; i < count() + rng.below(4); ++i) readers.push_back(read(i % count()));
    advance(Kind::kBatch, rng, readers);
  }

  void threads() {
    Rng rng = case_.rng("threads");
    Crew crew(2 + static_cast<int>(rng.below(3)));
    Decoder::Scratch scratch(&crew);
    std::vector<Reader> readers;
    for (std::size_t i = 0; i < 1 + rng.below(3); ++i) readers.push_back(read(rng.below(count())));
    // One pass with most of it, then decode: few passes, because threads are slow to wake.
    std::vector<std::size_t> sizes;
    for (const Reader& r : readers)
      sizes.push_back(left(r) - std::min<std::size_t>(left(r) - 1, 3));
    while (!done(readers)) {
      extend(Kind::kThreads, pointers(readers), sizes, scratch);
      for (std::size_t i = 0; i < readers.size(); ++i) sizes[i] = left(readers[i]) > 0 ? 1 : 0;
    }
  }

  /// Forks begin with a copy of their parent's cache, in the same pool (whole pages are shared) and
  /// in another; then caches that share pages are cut back and go other ways.
  void prefixes() {
    Rng rng = case_.rng("prefixes");
    for (std::size_t f = 0; f < count(); ++f) {
      const CaseSequence& fork = case_.sequences[f];
      if (fork.parent < 0) continue;
      const auto parent = static_cast<std::size_t>(fork.parent);
      auto pool =
          std::make_shared<KvPool>(case_.config(), decoder_.dtype(), 8 * kv_pages(capacity_));
      const auto of_pool = [&](std::size_t s) {
        return Reader{s, *KvCache::make(pool, capacity_)};
      };
      const auto some = [&] {
        return 1 + static_cast<int>(rng.below(static_cast<std::uint64_t>(fork.shared)));
      };

      Reader original = of_pool(parent);
      while (left(original) > 0) feed(Kind::kPrefix, original, 1 + rng.below(left(original)));
      std::vector<Reader> copies;
      copies.push_back(of_pool(f));
      copies.push_back(read(f));
      for (Reader& copy : copies) copy.cache.copy_prefix(original.cache, some());
      Reader untouched = of_pool(parent);
      untouched.cache.copy_prefix(original.cache, original.cache.length() - 1);
      advance(Kind::kPrefix, rng, copies);

      // The original turns into the fork, the fork into its parent; each shares pages with others.
      original.sequence = f;
      original.cache.truncate(some());
      copies[0].sequence = parent;
      copies[0].cache.truncate(some());
      std::vector<Reader> turned;
      turned.push_back(std::move(original));
      turned.push_back(std::move(copies[0]));
      advance(Kind::kTruncate, rng, turned);
      feed(Kind::kTruncate, untouched, 1);  // what it shares has not changed
    }
  }

  /// A cache is dropped in the middle and filled again, or given up for a new one.
  void resumes() {
    Rng rng = case_.rng("resumes");
    for (std::size_t s = 0; s < count(); ++s) {
      Reader reader = read(s);
      const std::size_t half = left(reader) / 2;
      while (static_cast<std::size_t>(reader.cache.length()) < half) {
        feed(Kind::kResume, reader,
             1 + rng.below(half - static_cast<std::size_t>(reader.cache.length())));
      }
      if (rng.below(2) == 0) {
        reader.cache.reset();
        if (!reader.cache.renew()) return;
        if (half > 0) feed(Kind::kResume, reader, half);
        while (left(reader) > 0) feed(Kind::kResume, reader, 1);
      } else {
        Reader next = read(s);
        feed(Kind::kResume, next, half + 1);
        while (left(next) > 0) feed(Kind::kResume, next, 1);
      }
    }
  }

 private:
  [[nodiscard]] std::size_t count() const { return case_.sequences.size(); }
  [[nodiscard]] Reader read(std::size_t s) const {
    return {s, KvCache(case_.config(), capacity_, decoder_.dtype())};
  }
  [[nodiscard]] std::size_t left(const Reader& r) const {
    return case_.sequences[r.sequence].tokens.size() - static_cast<std::size_t>(r.cache.length());
  }

  void feed(Kind kind, Reader& reader, std::size_t tokens) {
    extend(kind, {&reader}, {tokens}, scratch_);
  }

  static std::vector<Reader*> pointers(std::vector<Reader>& readers) {
    std::vector<Reader*> all;
    for (Reader& r : readers) all.push_back(&r);
    return all;
  }

  [[nodiscard]] bool done(const std::vector<Reader>& readers) const {
    return std::all_of(readers.begin(), readers.end(),
                       [this](const Reader& r) { return left(r) == 0; });
  }

  /// Random passes, in random order, until all readers are at their ends.
  void advance(Kind kind, Rng& rng, std::vector<Reader>& readers) {
    std::vector<Reader*> order = pointers(readers);
    std::vector<std::size_t> sizes(order.size());
    while (!done(readers)) {
      for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[rng.below(i)]);
      for (std::size_t i = 0; i < order.size(); ++i) {
        const std::size_t most = left(*order[i]);
        sizes[i] = rng.below(2) == 0 ? 1 : 1 + rng.below(most + 1);
        sizes[i] = rng.below(4) == 0 ? 0 : std::min(sizes[i], most);
      }
      extend(kind, order, sizes, scratch_);
    }
  }

  /// One pass over the next sizes[i] tokens of reader i; those with none stay out.
  void extend(Kind kind, const std::vector<Reader*>& readers, const std::vector<std::size_t>& sizes,
              Decoder::Scratch& scratch) {
    chunks_.clear();
    who_.clear();
    for (std::size_t i = 0; i < readers.size(); ++i) {
      if (sizes[i] == 0) continue;
      Reader& r = *readers[i];
      const auto& tokens = case_.sequences[r.sequence].tokens;
      chunks_.push_back({&r.cache, {tokens.data() + r.cache.length(), sizes[i]}});
      who_.push_back(&r);
    }
    if (chunks_.empty()) return;
    const auto vocab = static_cast<std::size_t>(case_.config().vocab);
    logits_.assign(chunks_.size() * vocab, 0.0F);
    seams_.extend(decoder_, chunks_, scratch, logits_);
    for (std::size_t i = 0; i < who_.size(); ++i) {
      const auto position = static_cast<std::size_t>(who_[i]->cache.length()) - 1;
      tally_.compare(
          kind, expected_.at(who_[i]->sequence, position), {logits_.data() + i * vocab, vocab},
          [&] {
            return fmt::format(
                "logits after position {} of sequence {}; {} tokens fed as chunk {} of {}",
                position, who_[i]->sequence, chunks_[i].tokens.size(), i + 1, chunks_.size());
          });
    }
  }

  const Case& case_;
  const Decoder& decoder_;
  const Expected& expected_;
  const Seams& seams_;
  Tally& tally_;
  int capacity_;
  Decoder::Scratch scratch_;
  std::vector<Decoder::Chunk> chunks_;
  std::vector<Reader*> who_;
  std::vector<float> logits_;
};

}  // namespace

void check_rollout(const Case& drawn, const Decoder& decoder, const Expected& expected,
                   const Seams& seams, Tally& tally) {
  Rollout rollout(drawn, decoder, expected, seams, tally);
  rollout.decode();
  rollout.chunks();
  rollout.batches();
  rollout.prefixes();
  rollout.resumes();
  rollout.threads();
}

}  // namespace troupe::exact
