// What the device of an emulated instance does, and until when.
#include <algorithm>
#include <cmath>

#include "rollout/emulated/emulated_parts.h"

namespace troupe {
namespace {

Nanos nanos(double seconds) { return std::llround(seconds * kSecond); }

}  // namespace

Nanos EmulatedEngine::end_of(std::int64_t steps) const {
  return start_ + nanos(options_.cost.decode(steps, batch_, context_));
}

std::int64_t EmulatedEngine::steps_until_now() const {
  const Nanos now = executor_.now();
  const double seconds = static_cast<double>(now - start_) / kSecond;
  const double about = options_.cost.steps_within(seconds, batch_, context_);
  auto steps = static_cast<std::int64_t>(std::min(about, static_cast<double>(planned_)));
  while (steps > 0 && end_of(steps - 1) >= now) --steps;
  while (steps < planned_ && end_of(steps) < now) ++steps;
  return steps;
}

std::int64_t EmulatedEngine::steps_over() const {
  const std::int64_t steps = steps_until_now();
  return steps > 0 && end_of(steps) > executor_.now() ? steps - 1 : steps;
}

std::int64_t EmulatedEngine::produced(const Sequence& sequence) const {
  if (!sequence.prefilled) return 0;
  const std::int64_t steps = steps_ + (phase_ == Phase::kDecode ? steps_over() : 0);
  return std::min(sequence.total, 1 + steps - sequence.joined);
}

void EmulatedEngine::wake_at(Nanos when) {
  executor_.cancel(timer_);
  until_ = when;
  timer_ = executor_.at(when, [this] { advance(); });
}

void EmulatedEngine::change() {
  if (hung_) return;
  if (phase_ == Phase::kIdle) {  // from a callback: what comes in the same call joins the same pass
    phase_ = Phase::kStarting;
    wake_at(executor_.now());
  } else if (phase_ == Phase::kDecode) {
    const std::int64_t steps = steps_until_now();
    if (steps >= planned_) return;
    planned_ = steps;
    wake_at(end_of(steps));
  }
}

void EmulatedEngine::count(Phase over) {
  if (!seconds_) return;
  const double spent = static_cast<double>(until_ - start_) / kSecond;
  if (over == Phase::kLoad) seconds_->load += spent;
  if (over == Phase::kPrefill) seconds_->prefill += spent;
  if (over == Phase::kDecode) seconds_->decode += spent;
}

void EmulatedEngine::advance() {
  const Phase over = std::exchange(phase_, Phase::kIdle);
  count(over);
  if (over == Phase::kDecode) steps_ += planned_;
  if (over == Phase::kPrefill) {
    for (const auto& sequence : joining_) {
      sequence->prefilled = true;
      sequence->joined = steps_;
      running_.push_back(sequence);
    }
    joining_.clear();
  }
  for (const auto& sequence : running_) {
    if (sequence->done || produced(*sequence) < sequence->total) continue;
    end(*sequence, sequence->total, sequence->generation.reason);
  }
  std::erase_if(running_, [](const auto& sequence) { return sequence->done; });
  // From when the phase was over: on a live clock the timer may be late.
  begin(until_);
}

void EmulatedEngine::begin(Nanos start) {
  start_ = start;
  if (load_left_ > 0) {
    phase_ = Phase::kLoad;
    return wake_at(start + nanos(std::exchange(load_left_, 0)));
  }
  const std::int64_t tokens = admit();
  if (!joining_.empty()) {
    phase_ = Phase::kPrefill;
    return wake_at(start + nanos(options_.cost.prefill(tokens)));
  }
  if (running_.empty()) return;
  phase_ = Phase::kDecode;
  batch_ = static_cast<std::int64_t>(running_.size());
  context_ = 0;
  planned_ = INT64_MAX;
  for (const auto& sequence : running_) {
    const std::int64_t sampled = 1 + steps_ - sequence->joined;
    context_ += static_cast<double>(sequence->context + sampled);
    planned_ = std::min(planned_, sequence->total - sampled);
  }
  wake_at(end_of(planned_));
}

std::int64_t EmulatedEngine::admit() {
  std::int64_t tokens = 0;
  const auto room = static_cast<std::size_t>(options_.max_batch);
  while (!waiting_.empty() && running_.size() + joining_.size() < room) {
    const std::int64_t feed = waiting_.front()->feed;
    if (!joining_.empty() && tokens + feed > options_.prefill_tokens) break;
    tokens += feed;
    joining_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return tokens;
}

}  // namespace troupe
