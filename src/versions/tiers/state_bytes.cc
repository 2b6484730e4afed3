#include "versions/tiers/state_bytes.h"

namespace troupe {

StateBytes& StateBytes::operator=(StateBytes other) noexcept {
  std::swap(pages_, other.pages_);
  std::swap(size_, other.size_);
  std::swap(on_free_, other.on_free_);
  std::swap(owner_, other.owner_);
  return *this;
}

StateBytes::~StateBytes() {
  pages_ = Pages();
  if (on_free_) on_free_();
}

void StateBytes::count_against(std::function<void()> on_free, const void* owner) {
  std::swap(on_free_, on_free);
  owner_ = owner;
  if (on_free) on_free();
}

Pages StateBytes::release() {
  Pages out = std::move(pages_);
  *this = StateBytes();
  return out;
}

}  // namespace troupe
