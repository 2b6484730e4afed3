#include "base/crew.h"

namespace troupe {
namespace {

constexpr int kMostParts = 255;
constexpr int kSpins = 1000;  // some ten microseconds

inline void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

// Returns once `value` is no longer `old`: spins first, then sleeps.
std::uint32_t wait_change(const std::atomic<std::uint32_t>& value, std::uint32_t old) {
  for (int i = 0; i < kSpins; ++i) {
    const std::uint32_t now = value.load(std::memory_order_acquire);
    if (now != old) return now;
    pause();
  }
  value.wait(old, std::memory_order_acquire);
  return value.load(std::memory_order_acquire);
}

void wait_zero(const std::atomic<std::uint32_t>& value) {
  std::uint32_t now = value.load(std::memory_order_acquire);
  while (now != 0) now = wait_change(value, now);
}

}  // namespace

Crew::Crew(int threads) {
  for (int i = 1; i < threads; ++i) {
    const Ticket ticket = enter();
    threads_.emplace_back([this, ticket] { stay(ticket); });
  }
  gather();
}

Crew::~Crew() {
  dismiss();
  for (std::thread& thread : threads_) thread.join();
}

int Crew::gather() {
  const auto guests = static_cast<int>(guests_.load(std::memory_order_acquire));
  size_ = guests + 1 < kMostParts ? guests + 1 : kMostParts;
  return size_;
}

Crew::Ticket Crew::enter() {
  const std::uint32_t round = round_.load(std::memory_order_acquire);
  guests_.fetch_add(1, std::memory_order_acq_rel);
  return {round};
}

void Crew::stay(Ticket ticket) {
  while (true) {
    const std::uint32_t now = wait_change(round_, ticket.round);
    if (now == ticket.round) continue;
    ticket.round = now;
    if ((now & 0xffU) == 0) break;
    work(now);
  }
  if (guests_.fetch_sub(1, std::memory_order_acq_rel) == 1) guests_.notify_one();
}

// Takes parts of a run until none is left. A part that was taken keeps the run alive; before that,
// nothing of it may be read, because it may have ended.
void Crew::work(std::uint32_t round) {
  const std::uint32_t run = round & ~0xffU;
  std::uint32_t open = open_.load(std::memory_order_acquire);
  while ((open & ~0xffU) == run && (open & 0xffU) != 0) {
    if (!open_.compare_exchange_weak(open, open - 1, std::memory_order_acq_rel)) continue;
    call_(body_, static_cast<int>((open & 0xffU) - 1), static_cast<int>(round & 0xffU));
    if (working_.fetch_sub(1, std::memory_order_acq_rel) == 1) working_.notify_one();
    open = open_.load(std::memory_order_acquire);
  }
}

void Crew::wake(int parts) {
  round_.store((sequence_ << 8) | static_cast<std::uint32_t>(parts), std::memory_order_release);
  round_.notify_all();
}

void Crew::start(Call call, void* body) {
  call_ = call;
  body_ = body;
  const auto parts = static_cast<std::uint32_t>(size_);
  working_.store(parts, std::memory_order_relaxed);
  sequence_ = (sequence_ + 1) & 0xffffffU;
  open_.store((sequence_ << 8) | parts, std::memory_order_release);
  wake(size_);
  work(round_.load(std::memory_order_relaxed));
  wait_zero(working_);
}

void Crew::dismiss() {
  size_ = 1;
  if (guests_.load(std::memory_order_acquire) == 0) return;
  sequence_ = (sequence_ + 1) & 0xffffffU;
  wake(0);
  wait_zero(guests_);
}

}  // namespace troupe
