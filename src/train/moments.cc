#include "train/moments.h"

#include <algorithm>
#include <cstring>

namespace troupe {

std::span<float> Moments::memory() {
  if (block_.empty()) block_ = StateBytes(bytes());
  return block_.floats();
}

std::vector<float> Moments::copy(std::size_t from) const {
  std::vector<float> out(size_, 0.0F);
  if (block_.empty() || size_ == 0) return out;
  std::memcpy(out.data(), block_.bytes().data() + from * sizeof(float), size_ * sizeof(float));
  return out;
}

void Moments::assign(std::span<const float> first_in, std::span<const float> second_in) {
  std::copy(first_in.begin(), first_in.end(), first().begin());
  std::copy(second_in.begin(), second_in.end(), second().begin());
}

void Moments::clear() {
  if (block_.empty()) return;
  const std::span<float> all = block_.floats();
  std::fill(all.begin(), all.end(), 0.0F);
}

}  // namespace troupe
