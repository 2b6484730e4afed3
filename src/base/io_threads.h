#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace troupe {

/// Threads that mostly wait: for a child process, for a socket. A thread starts when work comes and
/// all others are busy, up to `most`; beyond that work queues in order of arrival. Threads stay
/// until the object goes, because a child dies with the thread that started it.
///
/// Thread-safe. The destructor waits for the work that has begun; the rest is dropped.
class IoThreads {
 public:
  explicit IoThreads(int most) : most_(most) {}
  ~IoThreads();
  IoThreads(const IoThreads&) = delete;
  IoThreads& operator=(const IoThreads&) = delete;

  void submit(std::function<void()> work);

 private:
  void serve();

  const int most_;
  std::mutex mutex_;
  std::condition_variable ready_;
  std::deque<std::function<void()>> queue_;
  int idle_ = 0;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace troupe
