#pragma once

#include <algorithm>
#include <chrono>

namespace troupe::bench {

/// Seconds of wall-clock time. Work on several threads has no other kind of seconds that count.
inline double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Rounds of the same work. The machine may be shared, and others can only make a round slower, so
/// the best round is the figure; the slowest says how noisy the machine was.
struct Rounds {
  double best = 1e30;  ///< seconds
  double slowest = 0;
  int count = 0;
};

/// Runs `work` until `least` seconds of it are done, at least twice; calls `beside` before the
/// first round and between rounds whenever 0.3 s of work have passed since, so that what it
/// measures has seen the same machine.
template <class Work, class Beside>
Rounds measure_rounds(double least, Work&& work, Beside&& beside) {
  Rounds rounds;
  double spent = 0;
  double since = 1;
  while (rounds.count < 2 || (spent < least && rounds.count < 1000)) {
    if (since > 0.3) {
      beside();
      since = 0;
    }
    const double start = now();
    work();
    const double seconds = now() - start;
    rounds.best = std::min(rounds.best, seconds);
    rounds.slowest = std::max(rounds.slowest, seconds);
    ++rounds.count;
    spent += seconds;
    since += seconds;
  }
  return rounds;
}

/// How many calls of `work` last about `least` seconds: a call that is short against the reading of
/// the clock is measured in batches of so many.
template <class Work>
int calls_lasting(double least, Work&& work) {
  for (int calls = 1;; calls *= 2) {
    const double start = now();
    for (int i = 0; i < calls; ++i) work();
    if (now() - start >= least) return calls;
  }
}

}  // namespace troupe::bench
