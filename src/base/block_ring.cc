#include "base/block_ring.h"

#include <liburing.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <vector>

namespace troupe {
namespace {

class Ring {
 public:
  Ring() : error_(::io_uring_queue_init(kBlockDepth, &ring_, 0)) {}
  ~Ring() {
    if (error_ == 0) ::io_uring_queue_exit(&ring_);
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;
  [[nodiscard]] bool usable() const { return error_ == 0; }
  io_uring* get() { return &ring_; }

 private:
  io_uring ring_{};
  int error_;
};

/// One transfer, with up to kBlockDepth blocks under way.
class Blocks {
 public:
  Blocks(Ring& ring, const Transfer& transfer, const Progress& progress)
      : ring_(ring.get()),
        transfer_(transfer),
        progress_(progress),
        done_((transfer.size + kBlockBytes - 1) / kBlockBytes, false) {
    for (Slot& slot : slots_) free_.push_back(&slot);
  }

  int run() {
    for (;;) {
      while (error_ == 0 && next_ < transfer_.size && !free_.empty()) {
        Slot* slot = free_.back();
        free_.pop_back();
        slot->at = next_;
        slot->end = next_ = std::min(next_ + kBlockBytes, transfer_.size);
        submit(slot);
      }
      if (free_.size() == slots_.size()) return error_;
      const int waited = ::io_uring_submit_and_wait(ring_, 1);
      // The kernel owns the memory until each block has ended, so an error here ends nothing.
      if (waited < 0 && waited != -EINTR && waited != -EAGAIN && error_ == 0) error_ = -waited;
      io_uring_cqe* completion = nullptr;
      while (::io_uring_peek_cqe(ring_, &completion) == 0) {
        auto* slot = static_cast<Slot*>(::io_uring_cqe_get_data(completion));
        const int result = completion->res;
        ::io_uring_cqe_seen(ring_, completion);
        ended(slot, result);
      }
      note();
    }
  }

 private:
  struct Slot {
    std::uint64_t at = 0;
    std::uint64_t end = 0;
  };

  void submit(Slot* slot) {
    io_uring_sqe* entry = ::io_uring_get_sqe(ring_);  // there is one for each slot
    const auto size = static_cast<unsigned>(slot->end - slot->at);
    if (transfer_.way == Transfer::Way::kRead) {
      ::io_uring_prep_read(entry, transfer_.descriptor, transfer_.data + slot->at, size,
                           transfer_.offset + slot->at);
    } else {
      ::io_uring_prep_write(entry, transfer_.descriptor, transfer_.data + slot->at, size,
                            transfer_.offset + slot->at);
    }
    ::io_uring_sqe_set_data(entry, slot);
  }

  void ended(Slot* slot, int result) {
    if (result == -EINTR || result == -EAGAIN)
      result = 0;  // nothing done, but not the end
    else if (result < 0)
      fail(-result);
    else if (result == 0)
      fail(transfer_.way == Transfer::Way::kRead ? kEndsEarly : EIO);
    if (result > 0) slot->at += static_cast<std::uint64_t>(result);
    if (error_ == 0 && slot->at < slot->end) {
      submit(slot);
      return;
    }
    if (slot->at == slot->end) done_[(slot->end - 1) / kBlockBytes] = true;
    free_.push_back(slot);
  }

  void fail(int error) {
    if (error_ == 0) error_ = error;
  }

  /// Tells how far the front has come.
  void note() {
    const std::size_t before = front_;
    while (front_ < done_.size() && done_[front_]) ++front_;
    if (front_ != before) progress_(std::min(front_ * kBlockBytes, transfer_.size));
  }

  io_uring* ring_;
  const Transfer& transfer_;
  const Progress& progress_;
  std::vector<bool> done_;
  std::size_t front_ = 0;
  std::array<Slot, kBlockDepth> slots_{};
  std::vector<Slot*> free_;
  std::uint64_t next_ = 0;
  int error_ = 0;
};

}  // namespace

bool has_ring() { return Ring().usable(); }

std::optional<int> transfer_on_ring(const Transfer& transfer, const Progress& progress) {
  Ring ring;
  if (!ring.usable()) return std::nullopt;
  return Blocks(ring, transfer, progress).run();
}

}  // namespace troupe
