#include "simulate/team/shared_devices.h"

namespace troupe {

bool ScaleDownRule::due(std::int64_t done, std::int64_t asked, std::int64_t wanted) {
  if (100 * done < kFirst * wanted || 100 * done > kLast * wanted) return false;
  return 100 * asked < kFirst * wanted || 100 * (done - asked) >= kEvery * wanted;
}

SharedDevices::SharedDevices(Executor& executor, InstancePool& pool, SlotTimes& times,
                             int instances, Setting setting)
    : executor_(executor),
      pool_(pool),
      times_(times),
      setting_(setting),
      all_(static_cast<std::size_t>(instances)) {
  for (int id = 0; id < instances; ++id) serving_.push_back(id);
  times_.set_share(0);
}

void SharedDevices::leave(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const Status left = pool_.leave(serving_.back(), Leave::kAbort);
    (void)left;  // kNotFound alone, of one that is not there
    serving_.pop_back();
  }
}

void SharedDevices::generated() {
  ++done_;
  const std::int64_t wanted = setting_.groups * setting_.group_size;
  if (setting_.overlap || all_ < 2 || serving_.size() < all_) return;
  if (!ScaleDownRule::due(done_, asked_, wanted)) return;
  asked_ = done_;
  const std::size_t stay = all_ - all_ / 2;
  const std::int64_t left = pool_.engine(0)->in_flight();
  if (!ScaleDownRule::fits(left, static_cast<std::int64_t>(stay) * setting_.room)) return;
  ++halvings_;
  leave(all_ / 2);
  times_.set_share(static_cast<double>(all_ / 2) / static_cast<double>(all_));
}

void SharedDevices::complete_group() {
  if (++complete_ < setting_.groups) return;
  if (setting_.overlap) {
    for (const auto& engine : engines_) {
      if (const auto serving = engine.lock()) serving->stop();
    }
  }
  times_.set_share(1);
}

Async<Status> SharedDevices::step_over() {
  done_ = asked_ = complete_ = 0;
  times_.set_share(0);
  std::erase_if(engines_, [](const auto& engine) { return engine.expired(); });
  for (const auto& engine : engines_) engine.lock()->go_on();
  if (serving_.size() == all_) co_return Status();
  while (serving_.size() < all_) {
    const auto id = pool_.join(0);
    if (!id) co_return tl::unexpected(id.error());
    serving_.push_back(*id);
  }
  co_await sleep_for(executor_, setting_.load_time + kMillisecond);
  co_return Status();
}

}  // namespace troupe
