#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "model/kernels/aligned.h"
#include "model/tokenizer.h"
#include "model/weights.h"

namespace troupe {

struct Kernels;

/// The key/value cache of one sequence: per layer and kv head, `capacity` positions. fp32.
/// Owned by one sequence; not thread-safe.
class KvCache {
 public:
  KvCache(const ModelConfig& config, int capacity);
  [[nodiscard]] int length() const { return length_; }
  [[nodiscard]] int capacity() const { return capacity_; }
  /// Becomes a copy of the first `length` positions of `other` (same model).
  void copy_prefix(const KvCache& other, int length);
  /// Forgets all positions from `length` on.
  void truncate(int length) { length_ = length; }
  [[nodiscard]] static std::size_t bytes(const ModelConfig& config, int capacity);

 private:
  friend class Decoder;
  int slots_ = 0;  // layers * kv heads
  int head_dim_ = 0;
  int capacity_ = 0;
  int length_ = 0;
  AlignedFloats storage_;  // kv_layout.h
};

/// One policy version's weights, laid out for the kernels. Immutable after construction; any
/// number of threads may run passes over it, each with its own scratch and caches.
///
/// The law: the logits of a token are a function of the weights and of the tokens before it, to the
/// bit, whatever the batch, the chunking, the cache reuse, or decode against training forward.
class Decoder {
 public:
  /// Packs the weights (cost: one pass over them). `weights` is shared, not copied.
  explicit Decoder(std::shared_ptr<const Weights> weights);
  /// The same on a given instruction set's kernels (tests and benches).
  Decoder(std::shared_ptr<const Weights> weights, const Kernels& table);
  ~Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  [[nodiscard]] const ModelConfig& config() const;
  [[nodiscard]] const Weights& weights() const;

  /// New tokens of one sequence, appended to its cache.
  struct Chunk {
    KvCache* cache;
    std::span<const TokenId> tokens;  ///< at least one; cache->length() + size <= capacity
  };
  /// Reusable memory of a pass; grows to the largest batch seen, then allocates no more.
  class Scratch {
   public:
    Scratch();
    ~Scratch();
    struct Buffers;
    std::unique_ptr<Buffers> buffers;
  };
  /// Rollout side: prefill and decode alike. Extends every chunk's cache and writes the logits
  /// after each chunk's last token: [chunks, vocab].
  void extend(std::span<const Chunk> chunks, Scratch& scratch, std::span<float> logits) const;

  struct Packed;
  [[nodiscard]] const Packed& packed() const { return *packed_; }

 private:
  std::unique_ptr<Packed> packed_;
};

/// A training pass over a few whole sequences, packed without padding. One thread.
/// Call forward, then backward; the object's memory is reused by the next pair.
class TrainPass {
 public:
  TrainPass();
  ~TrainPass();

  struct Sequence {
    std::span<const TokenId> tokens;
    /// Positions whose next-token logits are wanted, ascending. Position i predicts tokens[i + 1].
    std::span<const int> scored;
  };
  /// Keeps the activations. Logits of all scored positions, sequences in order: [scored, vocab];
  /// the same bits as Decoder::extend gives.
  std::span<const float> forward(const Decoder& decoder, std::span<const Sequence> sequences);
  /// Adds d(loss)/d(weights) to `gradient` ([layout.size()], the weights' own layout), given
  /// d(loss)/d(logits) ([scored, vocab]). The reduction order depends on the sequences alone.
  void backward(const Decoder& decoder, std::span<const float> dlogits, std::span<float> gradient);

  /// Bytes that a pass over `rows` tokens with `scored` scored positions holds.
  static std::size_t bytes(const ModelConfig& config, std::int64_t rows, std::int64_t scored);

  struct State;

 private:
  std::unique_ptr<State> state_;
};

/// "avx512", "avx2" or "portable": the instruction set that the kernels chose on this machine, or
/// that the environment variable TROUPE_ISA names. Bits agree within one instruction set.
const char* kernel_isa();
/// kInvalid if TROUPE_ISA is set to something that this machine does not have; commands call it
/// once.
Status check_kernel_isa();

}  // namespace troupe
