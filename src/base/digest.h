#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace troupe {

/// A running 128-bit XXH3 digest of bytes; finds accidents, not attackers.
class Digest {
 public:
  Digest();
  ~Digest();
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;

  Digest& add(const void* bytes, std::size_t size);
  Digest& add(std::string_view text) { return add(text.data(), text.size()); }
  /// 32 hexadecimal digits. More may be added afterwards.
  [[nodiscard]] std::string hex() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// XXH3, 64 bits, of bytes under a seed: for checksums in files.
std::uint64_t checksum64(std::string_view bytes, std::uint64_t seed);

}  // namespace troupe
