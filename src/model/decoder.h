#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "model/dtype.h"
#include "model/kv_cache.h"
#include "model/tokenizer.h"
#include "model/weights.h"

namespace troupe {

struct Kernels;
struct LoraSettings;
struct PackedLora;
class Crew;

/// One policy version's weights, laid out for the kernels: a whole model, or an adapter on a base
/// that other decoders share. Immutable after construction; any number of threads may run passes
/// over it, each with its own scratch and caches.
///
/// The law: the logits of a token are a function of the weights (and its own adapter's) and of the
/// tokens before it, to the bit, whatever the batch, the adapters of other rows, the chunking, the
/// cache reuse, or decode against training forward.
class Decoder {
 public:
  /// Packs the weights (cost: one pass over them). `weights` is shared, not copied.
  explicit Decoder(std::shared_ptr<const Weights> weights, Dtype dtype = Dtype::kFp32);
  /// The same on a given instruction set's kernels (tests and benches).
  Decoder(std::shared_ptr<const Weights> weights, const Kernels& table);
  /// An adapter on what `base` has packed, unmerged; costs the adapter's size. `base` may have an
  /// adapter of its own, which this one takes the place of. `adapter` is of lora_layout().
  Decoder(const Decoder& base, const LoraSettings& settings,
          std::shared_ptr<const Weights> adapter);
  ~Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  [[nodiscard]] const ModelConfig& config() const;
  /// Of the whole model, without the adapter.
  [[nodiscard]] const Weights& weights() const;
  /// What a training pass gives the gradient of: the adapter's weights if there is one, else all.
  [[nodiscard]] const Weights& trained() const;
  /// Null without an adapter.
  [[nodiscard]] const PackedLora* adapter() const { return adapter_.get(); }
  [[nodiscard]] bool shares_base(const Decoder& other) const { return packed_ == other.packed_; }
  [[nodiscard]] Dtype dtype() const;
  /// Bytes of the packed matrices, which a decoding step reads once.
  [[nodiscard]] std::size_t packed_bytes() const;
  /// The same, of any decoder of that shape; and all that it holds besides the weights it shares.
  [[nodiscard]] static std::size_t packed_bytes(const ModelConfig& config, Dtype dtype);
  [[nodiscard]] static std::size_t bytes(const ModelConfig& config, Dtype dtype);

  /// New tokens of one sequence, appended to its cache.
  struct Chunk {
    KvCache* cache;
    std::span<const TokenId> tokens;  ///< at least one; cache->length() + size <= capacity
    /// With whose adapter: a decoder that shares this one's base. Null: this decoder.
    const Decoder* model = nullptr;
  };
  /// Reusable memory of a pass; grows to the largest batch seen, then allocates no more.
  class Scratch {
   public:
    /// Passes with this memory share their work among the crew's threads; null: one thread.
    explicit Scratch(Crew* crew = nullptr);
    ~Scratch();
    /// Bytes of a pass over `chunks` with `rows` tokens in all and contexts of up to `longest`, by
    /// `parts` threads.
    [[nodiscard]] static std::size_t bytes(const ModelConfig& config, Dtype dtype, std::size_t rows,
                                           std::size_t chunks, int longest, int parts);
    struct Buffers;
    std::unique_ptr<Buffers> buffers;
  };
  /// Rollout side: prefill and decode alike. Extends every chunk's cache and writes the logits
  /// after each chunk's last token: [chunks, vocab].
  void extend(std::span<const Chunk> chunks, Scratch& scratch, std::span<float> logits) const;

  struct Packed;
  [[nodiscard]] const Packed& packed() const { return *packed_; }

 private:
  std::shared_ptr<const Packed> packed_;
  std::shared_ptr<const PackedLora> adapter_;
};

/// A training pass over a few whole sequences, packed without padding. One thread; the memory is
/// reused by the next pass.
class TrainPass {
 public:
  struct Options {
    /// Keep only what enters each layer and compute the rest again in the backward pass: the same
    /// bits, about a third more work, a fraction of the memory.
    bool recompute = false;
  };
  explicit TrainPass(Options options);
  TrainPass();
  ~TrainPass();

  struct Sequence {
    std::span<const TokenId> tokens;
    /// Positions whose next-token logits are wanted, ascending. Position i predicts tokens[i + 1].
    std::span<const int> scored;
  };
  /// Sees the logits [vocab] of scored position `index` (counted over all sequences, in order) and
  /// overwrites them with d(loss)/d(logits); they have the bits that Decoder::extend gives.
  using Row = std::function<void(std::size_t index, std::span<float> logits)>;

  /// Forward, then, unless `gradient` is empty, backward: adds d(loss)/d(decoder.trained()) to it
  /// ([layout.size()], in its layout). Of a decoder with an adapter only the adapter is trained:
  /// the base's weight gradients are never computed. Logits exist for a block of scored positions
  /// at a time. The reduction order depends on the sequences alone.
  void run(const Decoder& decoder, std::span<const Sequence> sequences, const Row& row,
           std::span<float> gradient = {});

  /// Bytes that a pass over sequences of `rows` tokens in all, of which `scored` are scored and the
  /// longest has `longest`, holds; `rank` is the adapter's.
  static std::size_t bytes(const ModelConfig& config, Dtype dtype, Options options,
                           std::int64_t rows, std::int64_t scored, std::int64_t longest,
                           int rank = 0);
  /// The same of a pass without a gradient.
  static std::size_t forward_bytes(const ModelConfig& config, Dtype dtype, Options options,
                                   std::int64_t rows, std::int64_t scored, std::int64_t longest,
                                   int rank = 0);

  struct State;

 private:
  std::unique_ptr<State> state_;
};

/// "avx512bf16", "avx512", "avx2" or "portable": the instruction set of this machine's kernels for
/// a dtype, or the one that the environment variable TROUPE_ISA names. Bits agree within one.
const char* kernel_isa(Dtype dtype);
/// kInvalid if TROUPE_ISA is set to something that this machine does not have; commands call it
/// once.
Status check_kernel_isa();

}  // namespace troupe
