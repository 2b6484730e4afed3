#include "cli/bar.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdio>

#include "cli/store.h"
#include "observe/progress_text.h"

namespace troupe {

Bar::Bar(Executor& executor)
    : executor_(executor), shown_(isatty(STDERR_FILENO) != 0), at_(executor.now()) {}

Bar::~Bar() {
  if (drawn_) fmt::print(stderr, "\r\x1b[K");
}

void Bar::draw(std::uint64_t done, std::uint64_t total) {
  const Nanos now = executor_.now();
  if (!shown_ || now - at_ < (drawn_ ? kSecond / 10 : kSecond)) return;
  at_ = now;
  drawn_ = true;
  const double share = static_cast<double>(done) / static_cast<double>(total);
  fmt::print(stderr, "\r{} {} of {}\x1b[K", progress_bar(share, 40), bytes_text(done),
             bytes_text(total));
  std::fflush(stderr);
}

}  // namespace troupe
