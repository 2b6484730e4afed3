#include "simulate/team/scale_down.h"

#include <algorithm>
#include <cmath>

namespace troupe {
namespace {

constexpr std::size_t kMoments = 32;  // at which leaving later is looked at

/// A step from now on, as predicted.
class Forecast {
 public:
  explicit Forecast(const ScaleDownCase& now)
      : now_(now), serving_(now.serving), backlog_(now.backlog) {}

  double ends(std::size_t leave_at) {
    while (complete_ < now_.needed) {
      if (ended_ >= leave_at && generating() > 0 && serving_ == now_.serving) leave();
      advance();
    }
    // The backward in progress, of what was there before the last groups, keeps the devices that it
    // began with: of a group's, half is left.
    double rest = backlog_;
    if (carried_ > 0) {
      const double group = std::min(carried_, now_.groups.front().seconds);
      rest += group / 2 * (1 / training() - 1);
    }
    return seconds_ + rest;
  }

 private:
  [[nodiscard]] double training() const {
    return static_cast<double>(now_.all - serving_) / static_cast<double>(now_.all);
  }
  [[nodiscard]] std::int64_t generating() const {
    return static_cast<std::int64_t>(now_.answers.size() - ended_);
  }

  void pass(double seconds) {
    seconds_ += seconds;
    backlog_ = std::max(0.0, backlog_ - training() * seconds);
  }

  void leave() {
    const std::int64_t leaving = serving_ / 2;
    const double moved = static_cast<double>(generating() * leaving) /
                         static_cast<double>(serving_ * (serving_ - leaving));
    serving_ -= leaving;
    pass(now_.cost.prefill(std::llround(std::ceil(moved) * (now_.context + steps_))));
  }

  /// To the next end of an answer or a group.
  void advance() {
    double next = now_.groups[complete_].left;
    if (generating() > 0) next = std::min(next, now_.answers[ended_]);
    if (next > steps_) {
      const std::int64_t busiest = (generating() + serving_ - 1) / serving_;
      const std::int64_t batch = std::clamp<std::int64_t>(busiest, 1, now_.room);
      const double context = now_.context + (steps_ + next) / 2;
      pass((next - steps_) * now_.cost.step(batch, static_cast<double>(batch) * context));
      steps_ = next;
    }
    while (generating() > 0 && now_.answers[ended_] <= steps_) ++ended_;
    carried_ = training() > 0 ? backlog_ : 0;
    while (complete_ < now_.needed && now_.groups[complete_].left <= steps_) {
      backlog_ += now_.groups[complete_++].seconds;
    }
  }

  const ScaleDownCase& now_;
  std::int64_t serving_;
  double backlog_;
  double carried_ = 0;  ///< of it, before the groups that were complete last
  double seconds_ = 0, steps_ = 0;
  std::size_t ended_ = 0, complete_ = 0;
};

}  // namespace

bool ScaleDownRule::due(std::int64_t done, std::int64_t asked, std::int64_t wanted) {
  if (100 * done < kFirst * wanted || 100 * done > kLast * wanted) return false;
  return 100 * asked < kFirst * wanted || 100 * (done - asked) >= kEvery * wanted;
}

bool ScaleDownRule::due_for_time(std::int64_t done, std::int64_t asked, std::int64_t wanted) {
  return 100 * done >= kFirst * wanted && 100 * (done - asked) >= kEveryOfTime * wanted;
}

double ScaleDownRule::ends(const ScaleDownCase& now, std::size_t leave_at) {
  return Forecast(now).ends(leave_at);
}

bool ScaleDownRule::pays(const ScaleDownCase& now) {
  const std::size_t left = now.answers.size();
  const std::int64_t stay = now.serving - now.serving / 2;
  if (now.serving < 2 || !fits(static_cast<std::int64_t>(left), stay * now.room)) return false;
  const double at_once = ends(now, 0);
  const double gain = ends(now, left) - at_once;
  if (gain <= 0) return false;
  for (std::size_t i = 1; i <= kMoments; ++i) {
    const std::size_t later = left * i / (kMoments + 1);
    if (later > 0 && at_once - ends(now, later) > kWaiting * gain) return false;
  }
  return true;
}

}  // namespace troupe
