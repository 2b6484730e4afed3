#pragma once

#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

namespace troupe {

/// Threads that work on one piece of work together: the host, who has the work, and guests.
///
/// run(body) calls body(part, parts) for every part at once and returns when all have ended. Guests
/// spin for some microseconds between two runs and then sleep, so that a host which runs phase
/// after phase finds them awake and one that does not costs nothing. What a body computes must not
/// depend on `parts`.
///
/// Thread-safety: gather, run and dismiss are the host's; enter and stay may be called by any other
/// thread until dismiss.
class Crew {
 public:
  /// The host alone; guests may come.
  Crew() = default;
  /// The host and threads - 1 guests that the crew owns.
  explicit Crew(int threads);
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  /// Counts who takes part in the runs from now on: the host and the guests that have entered.
  int gather();
  [[nodiscard]] int size() const { return size_; }

  template <class Body>
  void run(Body&& body) {
    if (size_ == 1) {
      body(0, 1);
      return;
    }
    start([](void* b, int part, int parts) { (*static_cast<Body*>(b))(part, parts); }, &body);
  }

  /// The last run before a guest came.
  struct Ticket {
    std::uint32_t round;
  };
  /// A guest comes: enter, then stay. The next gather counts it; stay returns after dismiss.
  Ticket enter();
  void stay(Ticket ticket);
  /// Sends all guests away and waits until they have gone.
  void dismiss();

 private:
  using Call = void (*)(void*, int, int);
  void start(Call call, void* body);
  void work(std::uint32_t round);
  void wake(int parts);

  int size_ = 1;
  Call call_ = nullptr;
  void* body_ = nullptr;
  std::uint32_t sequence_ = 0;
  /// Number of the run in the high bits, its parts (0: go home) in the low eight.
  alignas(64) std::atomic<std::uint32_t> round_{0};
  /// Number of the run in the high bits, parts that nobody has taken yet in the low eight.
  alignas(64) std::atomic<std::uint32_t> open_{0};
  alignas(64) std::atomic<std::uint32_t> working_{0};  ///< parts that have not ended
  alignas(64) std::atomic<std::uint32_t> guests_{0};
  std::vector<std::thread> threads_;
};

}  // namespace troupe
