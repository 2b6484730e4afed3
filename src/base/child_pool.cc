#include "base/child_pool.h"

#include <mutex>

namespace troupe {

struct ChildPool::Idle {
  std::mutex mutex;
  std::vector<std::unique_ptr<ChildProcess>> children;
};

ChildPool::ChildPool(std::vector<std::string> argv)
    : argv_(std::move(argv)), idle_(std::make_unique<Idle>()) {}
ChildPool::~ChildPool() = default;

Result<ChildPool::Child> ChildPool::take() {
  {
    const std::lock_guard<std::mutex> lock(idle_->mutex);
    if (!idle_->children.empty()) {
      Child child{std::move(idle_->children.back()), true};
      idle_->children.pop_back();
      return child;
    }
  }
  return start();
}

Result<ChildPool::Child> ChildPool::start() const {
  TROUPE_ASSIGN(auto process, ChildProcess::start(argv_));
  return Child{std::move(process), false};
}

void ChildPool::give(std::unique_ptr<ChildProcess> child) {
  const std::lock_guard<std::mutex> lock(idle_->mutex);
  idle_->children.push_back(std::move(child));
}

}  // namespace troupe
