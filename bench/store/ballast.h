#pragma once

#include <cstddef>
#include <cstdint>

namespace troupe::bench {

/// Memory that is held between measurements and let go just before each, so that what is measured
/// finds memory that the machine really has. Many virtual machines hand free memory back to their
/// host within seconds, and the first use of it afterwards is several times as slow as the disk:
/// 1.7 s a GiB on the machine where this was seen. Without ballast a figure depends on how long ago
/// somebody used the same memory.
class Ballast {
 public:
  /// Holds so many bytes, or half of what is free if that is less.
  explicit Ballast(std::uint64_t bytes);
  ~Ballast();
  Ballast(const Ballast&) = delete;
  Ballast& operator=(const Ballast&) = delete;

  void hold();
  void let_go();

 private:
  std::size_t bytes_;
  void* at_ = nullptr;
};

}  // namespace troupe::bench
