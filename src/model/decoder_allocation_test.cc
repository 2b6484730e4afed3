// Counts what this test program allocates: the C++ operators and the aligned blocks of the kernels'
// memory are replaced for the whole program, and count while a counter is on. The sanitizers bring
// their own operators and must keep them: there this file is empty.
#include "base/sanitized.h"
#if !TROUPE_SANITIZED

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

#include "base/crew.h"
#include "model/decoder_test_models.h"

namespace {

std::atomic<bool> counting{false};
std::atomic<long> allocations{0};

void* counted(std::size_t bytes, std::size_t alignment) {
  if (counting.load(std::memory_order_relaxed)) ++allocations;
  void* block = nullptr;
  if (posix_memalign(&block, std::max(alignment, sizeof(void*)), std::max<std::size_t>(bytes, 1)) !=
      0) {
    return nullptr;
  }
  return block;
}

void* counted_or_throw(std::size_t bytes, std::size_t alignment) {
  void* block = counted(bytes, alignment);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

}  // namespace

// Not inlined: GCC would see a free() of what it believes the standard's operator gave.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  return counted_or_throw(bytes, alignof(std::max_align_t));
}
[[gnu::noinline]] void* operator new[](std::size_t bytes) {
  return counted_or_throw(bytes, alignof(std::max_align_t));
}
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return counted_or_throw(bytes, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return counted_or_throw(bytes, static_cast<std::size_t>(alignment));
}
[[gnu::noinline]] void operator delete(void* block) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete[](void* block) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::size_t) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete[](void* block, std::size_t) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete[](void* block, std::align_val_t) noexcept {
  std::free(block);
}
[[gnu::noinline]] void operator delete(void* block, std::size_t, std::align_val_t) noexcept {
  std::free(block);
}
[[gnu::noinline]] void operator delete[](void* block, std::size_t, std::align_val_t) noexcept {
  std::free(block);
}
extern "C" void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
  return counted(bytes, alignment);
}

namespace troupe {
namespace {

/// Allocations of `body`.
template <class Body>
long count(Body body) {
  allocations = 0;
  counting = true;
  body();
  counting = false;
  return allocations;
}

TEST(DecoderAllocation, TheCounterSeesEveryKindOfMemory) {
  AlignedFloats aligned;
  std::vector<float> plain;
  EXPECT_GT(count([&] { aligned.resize(1000); }), 0);
  EXPECT_GT(count([&] { plain.resize(1000); }), 0);
  EXPECT_EQ(count([&] { plain.resize(10); }), 0);
}

// A generation after the first of its size: prefill of a few prompts in two parts, then decode over
// page boundaries. All families, instruction sets and dtypes; one thread and a crew.
TEST(DecoderAllocation, ASteadyGenerationAllocatesNothing) {
  constexpr std::size_t kSequences = 3;
  constexpr std::size_t kPrompt = 13;
  constexpr std::size_t kLength = 50;
  for (const ModelConfig& config : test_shapes()) {
    for (const Kernels* table : all_kernels()) {
      for (const int threads : {1, 2}) {
        SCOPED_TRACE(std::string(table->name) + " " + dtype_name(table->dtype) + ", " +
                     std::to_string(threads) + " threads");
        const Decoder decoder(lively_weights(config, 3), *table);
        Rng rng(9);
        std::vector<std::vector<TokenId>> tokens;
        std::vector<KvCache> caches;
        for (std::size_t i = 0; i < kSequences; ++i) {
          tokens.push_back(random_tokens(rng, config, kLength));
          caches.emplace_back(config, static_cast<int>(kLength), table->dtype);
        }
        Crew crew(threads);
        Decoder::Scratch scratch(threads > 1 ? &crew : nullptr);
        std::vector<float> logits(kSequences * static_cast<std::size_t>(config.vocab));
        std::vector<Decoder::Chunk> chunks(kSequences);
        const auto generate = [&] {
          for (KvCache& cache : caches) cache.truncate(0);
          const auto feed = [&](std::size_t from, std::size_t n) {
            for (std::size_t i = 0; i < kSequences; ++i) {
              chunks[i] = {&caches[i], {tokens[i].data() + from, n}};
            }
            decoder.extend(chunks, scratch, logits);
          };
          feed(0, kPrompt - 5);
          feed(kPrompt - 5, 5);
          for (std::size_t at = kPrompt; at < kLength; ++at) feed(at, 1);
        };
        EXPECT_GT(count(generate), 0) << "the first";
        EXPECT_EQ(count(generate), 0) << "the second";
      }
    }
  }
}

}  // namespace
}  // namespace troupe

#endif
