#pragma once

namespace troupe::bench {

/// How much of the processors' time others take while this program measures: figures on a busy
/// machine are too low.
class OtherLoad {
 public:
  OtherLoad();
  /// Since construction: time of other processes (and of a hypervisor that gave it elsewhere) over
  /// all time of all processors. Negative if the system does not say.
  [[nodiscard]] double share() const;

 private:
  struct Times {
    double all = 0;   ///< of all processors, idle included, seconds
    double busy = 0;  ///< of that, not idle
    double own = 0;   ///< this process's, and that of its children which have ended
  };
  static Times read();
  Times start_;
};

}  // namespace troupe::bench
