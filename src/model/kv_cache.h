#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "model/kernels/aligned.h"
#include "model/kv_layout.h"

namespace troupe {

/// The pages of one engine's KV caches, with a fixed budget. Pages are claimed before they are
/// used: a claim can be refused, taking a claimed page cannot fail. A page that several caches
/// share counts once. Memory is touched when a page is first taken. Thread-safe, without locks.
class KvPool {
 public:
  KvPool(const ModelConfig& config, Dtype dtype, int pages);

  [[nodiscard]] static std::size_t page_bytes(const ModelConfig& config, Dtype dtype);
  [[nodiscard]] const KvLayout& layout() const { return layout_; }
  [[nodiscard]] int pages() const { return pages_; }
  /// Pages claimed or in use.
  [[nodiscard]] int claimed() const { return claimed_.load(std::memory_order_acquire); }

  /// False if fewer than `count` pages are free.
  [[nodiscard]] bool claim(int count);
  void unclaim(int count);
  /// A page of an earlier claim, held once.
  float* take();
  void share(const float* page);
  [[nodiscard]] bool shared(const float* page) const;
  /// True: it was held once, is free now, and its claim is the caller's again.
  bool drop(float* page);

 private:
  [[nodiscard]] std::size_t index(const float* page) const;

  KvLayout layout_;
  int pages_;
  std::unique_ptr<float, void (*)(float*)> memory_;
  std::vector<std::atomic<std::uint32_t>> holders_;
  std::vector<std::atomic<std::uint32_t>> next_;  // of a free page: the next free one, plus 1
  std::atomic<std::uint64_t> free_{0};  // count of changes << 32 | first free page, plus 1
  std::atomic<int> claimed_{0};
};

/// The keys and values of one sequence: pages of a pool. Owned by one sequence; not thread-safe,
/// but caches of one pool may be used from different threads.
class KvCache {
 public:
  /// nullopt if the pool cannot hold `capacity` more positions.
  static std::optional<KvCache> make(std::shared_ptr<KvPool> pool, int capacity);
  /// With a pool of its own, large enough.
  KvCache(const ModelConfig& config, int capacity, Dtype dtype = Dtype::kFp32);
  ~KvCache();
  KvCache(KvCache&& other) noexcept;
  KvCache& operator=(KvCache&&) = delete;

  [[nodiscard]] int length() const { return length_; }
  [[nodiscard]] int capacity() const { return capacity_; }
  /// Becomes a copy of the first `length` positions of `other` (same model and dtype, another
  /// cache). In one pool whole pages are shared, and this cache's claim on them is given back.
  void copy_prefix(const KvCache& other, int length);
  /// Forgets all positions from `length` on.
  void truncate(int length) { length_ = length; }
  /// Forgets everything and gives all pages and claims back; the cache holds nothing until renew.
  void reset();
  /// After reset: claims the pages again; false if the pool cannot hold them now.
  [[nodiscard]] bool renew();
  /// Bytes of `capacity` positions.
  [[nodiscard]] static std::size_t bytes(const ModelConfig& config, int capacity,
                                         Dtype dtype = Dtype::kFp32);

 private:
  friend class Decoder;
  KvCache(std::shared_ptr<KvPool> pool, int capacity, int claimed);
  /// Makes positions length..length+count-1 writable; a shared page is copied first.
  void grow(int count);
  void drop_pages();
  float* take_page();

  std::shared_ptr<KvPool> pool_;
  int capacity_ = 0;
  int claimed_ = 0;  // pages claimed and not taken
  int length_ = 0;
  std::vector<float*> pages_;  // may reach beyond length
};

}  // namespace troupe
