#include "simulate/team/shared_devices.h"

#include <algorithm>
#include <cmath>

#include "base/rng.h"

namespace troupe {

SharedDevices::SharedDevices(Executor& executor, InstancePool& pool, SlotTimes& times,
                             int instances, Setting setting)
    : executor_(executor),
      pool_(pool),
      times_(times),
      setting_(setting),
      rollout_(pool.engine(0)),
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

void SharedDevices::pass() {
  const double seconds = static_cast<double>(executor_.now() - passed_) / kSecond;
  passed_ = executor_.now();
  if (begun_ == static_cast<std::int64_t>(ended_.size())) return;
  const auto serving = static_cast<std::int64_t>(serving_.size());
  const std::int64_t left = begun_ - static_cast<std::int64_t>(ended_.size());
  const std::int64_t batch =
      std::clamp<std::int64_t>((left + serving - 1) / serving, 1, setting_.room);
  const double context = setting_.prompt_tokens + steps_;
  steps_ += seconds / setting_.cost.step(batch, static_cast<double>(batch) * context);
  const double training = 1 - static_cast<double>(serving_.size()) / static_cast<double>(all_);
  backlog_ = std::max(0.0, backlog_ - training * seconds);
}

void SharedDevices::begun(std::uint64_t task) {
  if (setting_.overlap) return;
  pass();
  Task& its = tasks_[task];
  if (its.begun++ == 0) its.began = steps_;
  ++begun_;
}

void SharedDevices::generated(std::uint64_t task) {
  if (setting_.overlap) return;
  pass();
  ++done_;
  Task& its = tasks_[task];
  const double length = std::max(1.0, steps_ - its.began);
  ++its.done;
  its.steps += length;
  ended_.insert(std::upper_bound(ended_.begin(), ended_.end(), length), length);
  const std::int64_t wanted = setting_.groups * setting_.group_size;
  if (done_ >= wanted && static_cast<std::int64_t>(ended_.size()) == begun_) times_.set_share(1);
  if (!scales_down(wanted)) return;
  ++halvings_;
  leave(serving_.size() / 2);
  times_.set_share(1 - static_cast<double>(serving_.size()) / static_cast<double>(all_));
}

bool SharedDevices::scales_down(std::int64_t wanted) {
  const std::size_t stay = serving_.size() - serving_.size() / 2;
  if (stay == serving_.size() || complete_ >= setting_.groups) return false;
  if (setting_.pays) {
    if (!ScaleDownRule::due_for_time(done_, asked_, wanted)) return false;
    asked_ = done_;
    return ScaleDownRule::pays(now());
  }
  if (serving_.size() < all_ || !ScaleDownRule::due(done_, asked_, wanted)) return false;
  asked_ = done_;
  return ScaleDownRule::fits(rollout_->in_flight(),
                             static_cast<std::int64_t>(stay) * setting_.room);
}

ScaleDownCase SharedDevices::now() const {
  ScaleDownCase out;
  out.all = static_cast<std::int64_t>(all_);
  out.serving = static_cast<std::int64_t>(serving_.size());
  out.room = setting_.room;
  out.cost = setting_.cost;
  out.backlog = backlog_;
  std::vector<const Task*> generating;
  double age = 0;
  std::int64_t left = 0, generated = 0;
  for (const auto& [name, task] : tasks_) {
    if (!generates(task)) {
      generated += task.done >= setting_.group_size ? 1 : 0;
      continue;
    }
    generating.push_back(&task);
    left += task.begun - task.done;
    age += (steps_ - task.began) * static_cast<double>(task.begun - task.done);
  }
  if (left == 0) return out;
  age /= static_cast<double>(left);
  out.context = setting_.prompt_tokens + age;
  const TailLengths lengths =
      TailLengths::fit(ended_, left + static_cast<std::int64_t>(ended_.size()), before_);
  for (std::int64_t rank = 1; rank <= left; ++rank) {
    const double length =
        lengths.of_rank(static_cast<double>(rank), static_cast<double>(left), age);
    out.answers.push_back(std::max(1.0, std::min(length, setting_.longest_answer) - age));
  }
  // Nobody knows whose answers are the long ones: they are dealt out by chance, always the same.
  std::vector<double> dealt = out.answers;
  Rng rng(static_cast<std::uint64_t>(left));
  for (std::size_t i = dealt.size(); i > 1; --i) std::swap(dealt[i - 1], dealt[rng.below(i)]);
  auto next = dealt.begin();
  const TrainingCosts& training = setting_.training;
  for (const Task* task : generating) {
    const auto end = next + (task->begun - task->done);
    const auto lacks = setting_.group_size - task->done;
    std::sort(next, end);
    const auto last = std::min(next + lacks, end);
    double tokens = task->steps + setting_.prompt_tokens * static_cast<double>(setting_.group_size);
    for (auto one = next; one != last; ++one) tokens += age + *one;
    out.groups.push_back({*(last - 1), training.per_group + tokens * training.per_token});
    next = end;
  }
  std::sort(out.groups.begin(), out.groups.end(),
            [](const auto& a, const auto& b) { return a.left < b.left; });
  // Those whose rewards are still missing, too.
  out.backlog += static_cast<double>(std::max<std::int64_t>(0, generated - complete_)) *
                 out.groups.front().seconds;
  out.needed = static_cast<std::size_t>(std::clamp<std::int64_t>(
      setting_.groups - generated, 0, static_cast<std::int64_t>(out.groups.size())));
  return out;
}

void SharedDevices::complete_group(double seconds) {
  pass();
  backlog_ += seconds;
  if (++complete_ < setting_.groups) return;
  if (setting_.overlap) {
    for (const auto& engine : engines_) {
      if (const auto serving = engine.lock()) serving->stop();
    }
  }
  times_.set_share(1);
}

Async<Status> SharedDevices::step_over() {
  if (!ended_.empty()) before_ = TailLengths::fit(ended_, begun_, before_);
  done_ = asked_ = complete_ = begun_ = 0;
  tasks_.clear();
  ended_.clear();
  steps_ = backlog_ = 0;
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
