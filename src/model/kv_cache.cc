#include "model/kv_cache.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>

namespace troupe {
namespace {

// A broken contract that would otherwise write outside the cache.
void require(bool held, const char* what) {
  if (held) return;
  std::fprintf(stderr, "troupe: bug in the caller of the KV cache: %s\n", what);
  std::abort();
}

}  // namespace

KvPool::KvPool(const ModelConfig& config, Dtype dtype, int pages)
    : layout_(config, dtype),
      pages_(pages),
      memory_(static_cast<float*>(
                  allocate_aligned(static_cast<std::size_t>(pages) * page_bytes(config, dtype))),
              [](float* p) { free_aligned(p); }),
      holders_(static_cast<std::size_t>(pages)),
      next_(static_cast<std::size_t>(pages)) {
  for (std::size_t i = 0; i < next_.size(); ++i) {
    next_[i] = i + 1 < next_.size() ? static_cast<std::uint32_t>(i + 2) : 0;
  }
  free_ = pages > 0 ? 1 : 0;
}

std::size_t KvPool::page_bytes(const ModelConfig& config, Dtype dtype) {
  return static_cast<std::size_t>(KvLayout(config, dtype).page_words()) * sizeof(float);
}

std::size_t KvPool::index(const float* page) const {
  return static_cast<std::size_t>((page - memory_.get()) / layout_.page_words());
}

bool KvPool::claim(int count) {
  int before = claimed_.load(std::memory_order_relaxed);
  do {
    if (before + count > pages_) return false;
  } while (!claimed_.compare_exchange_weak(before, before + count, std::memory_order_acq_rel));
  return true;
}

void KvPool::unclaim(int count) { claimed_.fetch_sub(count, std::memory_order_acq_rel); }

float* KvPool::take() {
  std::uint64_t head = free_.load(std::memory_order_acquire);
  std::uint32_t first = 0;
  std::uint64_t rest = 0;
  do {
    first = static_cast<std::uint32_t>(head);
    require(first != 0, "a page was taken that nobody had claimed");
    const std::uint64_t next = next_[first - 1].load(std::memory_order_relaxed);
    rest = ((head >> 32) + 1) << 32 | next;
  } while (!free_.compare_exchange_weak(head, rest, std::memory_order_acq_rel));
  holders_[first - 1].store(1, std::memory_order_relaxed);
  return memory_.get() + (first - 1) * layout_.page_words();
}

void KvPool::share(const float* page) {
  holders_[index(page)].fetch_add(1, std::memory_order_relaxed);
}

bool KvPool::shared(const float* page) const {
  return holders_[index(page)].load(std::memory_order_acquire) > 1;
}

bool KvPool::drop(float* page) {
  const std::size_t i = index(page);
  if (holders_[i].fetch_sub(1, std::memory_order_acq_rel) > 1) return false;
  std::uint64_t head = free_.load(std::memory_order_relaxed);
  std::uint64_t with = 0;
  do {
    next_[i].store(static_cast<std::uint32_t>(head), std::memory_order_relaxed);
    with = ((head >> 32) + 1) << 32 | static_cast<std::uint64_t>(i + 1);
  } while (!free_.compare_exchange_weak(head, with, std::memory_order_acq_rel));
  return true;
}

KvCache::KvCache(std::shared_ptr<KvPool> pool, int capacity, int claimed)
    : pool_(std::move(pool)), capacity_(capacity), claimed_(claimed) {
  pages_.reserve(static_cast<std::size_t>(claimed));
}

std::optional<KvCache> KvCache::make(std::shared_ptr<KvPool> pool, int capacity) {
  const int pages = kv_pages(capacity);
  if (!pool->claim(pages)) return std::nullopt;
  return KvCache(std::move(pool), capacity, pages);
}

KvCache::KvCache(const ModelConfig& config, int capacity, Dtype dtype)
    : KvCache(std::make_shared<KvPool>(config, dtype, kv_pages(capacity)), capacity,
              kv_pages(capacity)) {
  require(pool_->claim(claimed_), "a pool of its own is too small");
}

KvCache::KvCache(KvCache&& other) noexcept
    : pool_(std::move(other.pool_)),
      capacity_(other.capacity_),
      claimed_(std::exchange(other.claimed_, 0)),
      length_(std::exchange(other.length_, 0)),
      pages_(std::move(other.pages_)) {
  other.pages_.clear();
}

KvCache::~KvCache() {
  if (pool_ != nullptr) reset();
}

void KvCache::drop_pages() {
  for (float* page : pages_) {
    if (pool_->drop(page)) ++claimed_;
  }
  pages_.clear();
  length_ = 0;
}

void KvCache::reset() {
  drop_pages();
  pool_->unclaim(std::exchange(claimed_, 0));
}

bool KvCache::renew() {
  const int pages = kv_pages(capacity_);
  if (!pool_->claim(pages)) return false;
  claimed_ = pages;
  return true;
}

float* KvCache::take_page() {
  if (claimed_ == 0) {
    // Only a cache that was cut back into shared pages needs more than it claimed.
    require(pool_->claim(1), "the pool has no page for the copy of a shared one");
    ++claimed_;
  }
  --claimed_;
  return pool_->take();
}

void KvCache::grow(int count) {
  require(count >= 0 && length_ + count <= capacity_, "more positions than its capacity");
  const auto first = static_cast<std::size_t>(length_ / kPagePositions);
  const auto end = static_cast<std::size_t>(kv_pages(length_ + count));
  for (std::size_t i = first; i < end; ++i) {
    if (i == pages_.size()) {
      pages_.push_back(take_page());
    } else if (pool_->shared(pages_[i])) {
      float* copy = take_page();
      std::copy_n(pages_[i], pool_->layout().page_words(), copy);
      if (pool_->drop(pages_[i])) ++claimed_;
      pages_[i] = copy;
    }
  }
}

void KvCache::copy_prefix(const KvCache& other, int length) {
  require(&other != this && length <= other.length_ && length <= capacity_,
          "a prefix that is not there");
  drop_pages();
  const auto whole = static_cast<std::size_t>(length / kPagePositions);
  const auto all = static_cast<std::size_t>(kv_pages(length));
  const bool one_pool = pool_ == other.pool_;
  for (std::size_t i = 0; i < all; ++i) {
    if (one_pool && i < whole) {
      pool_->share(other.pages_[i]);
      pages_.push_back(other.pages_[i]);
      if (claimed_ > 0) {
        --claimed_;
        pool_->unclaim(1);
      }
    } else {
      pages_.push_back(take_page());
      std::copy_n(other.pages_[i], pool_->layout().page_words(), pages_.back());
    }
  }
  length_ = length;
}

std::size_t KvCache::bytes(const ModelConfig& config, int capacity, Dtype dtype) {
  return static_cast<std::size_t>(kv_pages(capacity)) * KvPool::page_bytes(config, dtype);
}

}  // namespace troupe
