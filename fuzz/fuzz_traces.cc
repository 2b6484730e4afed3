// Any bytes as a trace of requests: what is accepted is in order, within its limits, and can be
// scaled.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/disk.h"
#include "simulate/workload/traces/arrivals.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  troupe::MemoryDisk disk;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (!disk.write("trace", bytes, false)) std::abort();
  const auto rows = troupe::read_arrivals(disk, "trace", "workload.trace");
  if (!rows) {
    if (rows.error().message.empty()) std::abort();
    return 0;
  }
  if (rows->empty() || rows->front().seconds != 0) std::abort();
  double before = 0;
  for (const troupe::Arrival& row : *rows) {
    if (!(row.seconds >= before) || row.prompt < 0 || row.answer < 1) std::abort();
    before = row.seconds;
  }
  troupe::ArrivalScale scale;
  scale.rate = 1.5;
  if (!troupe::scale_arrivals(*rows, scale)) std::abort();
  return 0;
}
