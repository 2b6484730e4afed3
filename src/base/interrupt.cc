#include "base/interrupt.h"

#include <unistd.h>

#include <csignal>

namespace troupe {
namespace {

volatile std::sig_atomic_t signals_seen = 0;

extern "C" void on_signal(int) {
  if (signals_seen != 0) _exit(130);
  signals_seen = 1;
}

}  // namespace

void watch_interrupts() {
  struct sigaction action = {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

void survive_file_size_limit() { std::signal(SIGXFSZ, SIG_IGN); }

bool interrupted() { return signals_seen != 0; }

}  // namespace troupe
