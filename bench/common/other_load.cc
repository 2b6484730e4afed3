#include "common/other_load.h"

#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace troupe::bench {

OtherLoad::OtherLoad() : start_(read()) {}

OtherLoad::Times OtherLoad::read() {
  // cpu user nice system idle iowait irq softirq steal, in ticks (proc(5)).
  std::ifstream file("/proc/stat");
  std::string name;
  file >> name;
  Times times;
  double ticks = 0;
  for (int i = 0; i < 8 && file >> ticks; ++i) {
    times.all += ticks;
    if (i != 3 && i != 4) times.busy += ticks;
  }
  const auto rate = static_cast<double>(sysconf(_SC_CLK_TCK));
  times.all /= rate;
  times.busy /= rate;
  for (const auto who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    getrusage(who, &usage);
    for (const timeval& t : {usage.ru_utime, usage.ru_stime}) {
      times.own += static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
    }
  }
  return times;
}

double OtherLoad::share() const {
  const Times end = read();
  const double all = end.all - start_.all;
  if (all <= 0) return -1;
  const double others = (end.busy - start_.busy) - (end.own - start_.own);
  return others > 0 ? others / all : 0;
}

}  // namespace troupe::bench
