#include "orchestrate/binding/swap_clock.h"

namespace troupe {

NamedNumbers swap_numbers(const SwapCounts& after, const SwapCounts& before) {
  const double shown = after.shown - before.shown;
  NamedNumbers out;
  out["count"] = static_cast<double>(after.swaps - before.swaps);
  out["bytes_in"] = static_cast<double>(after.bytes_in - before.bytes_in);
  out["bytes_out"] = static_cast<double>(after.bytes_out - before.bytes_out);
  out["disk_read"] = static_cast<double>(after.disk_read - before.disk_read);
  out["disk_written"] = static_cast<double>(after.disk_written - before.disk_written);
  out["seconds_hidden"] = after.seconds - before.seconds - shown;
  out["seconds_shown"] = shown;
  return out;
}

}  // namespace troupe
