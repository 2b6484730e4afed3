#include "weights/published.h"

#include <zstd.h>

#include <cmath>
#include <cstring>

#include "common/stopwatch.h"

namespace troupe::bench {
namespace {

std::uint16_t value(std::string_view bits, std::size_t i) {
  std::uint16_t out = 0;
  std::memcpy(&out, bits.data() + 2 * i, 2);
  return out;
}

void append16(std::string& out, std::uint16_t x) {
  out.append(reinterpret_cast<const char*>(&x), sizeof x);
}

std::uint64_t zstd_size(const std::string& bytes) {
  std::string out(ZSTD_compressBound(bytes.size()), '\0');
  return ZSTD_compress(out.data(), out.size(), bytes.data(), bytes.size(), 1);
}

std::uint64_t raw(std::string_view base, std::string_view next) {
  std::string out;
  for (std::size_t i = 0; i < base.size() / 2; ++i) {
    if (value(base, i) == value(next, i)) continue;
    const auto place = static_cast<std::int32_t>(i);
    out.append(reinterpret_cast<const char*>(&place), sizeof place);
    append16(out, value(next, i));
  }
  return out.size();
}

std::uint64_t gaps(std::string_view base, std::string_view next) {
  std::string places;
  std::string values;
  std::size_t last = 0;
  for (std::size_t i = 0; i < base.size() / 2; ++i) {
    if (value(base, i) == value(next, i)) continue;
    std::size_t gap = i - last;
    last = i;
    for (; gap >= 0xffff; gap -= 0xffff) append16(places, 0xffff);  // the escape
    append16(places, static_cast<std::uint16_t>(gap));
    append16(values, value(next, i));
  }
  return zstd_size(places + values);
}

std::uint64_t xored(std::string_view base, std::string_view next) {
  std::string out(base.size(), '\0');
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<char>(base[i] ^ next[i]);
  return zstd_size(out);
}

}  // namespace

std::vector<PublishedSize> measure_published(const std::vector<StateTensor>& base,
                                             const std::vector<StateTensor>& next) {
  const auto measure = [&](const char* name, const char* source, auto&& size) {
    PublishedSize out{name, source};
    const double start = now();
    for (std::size_t i = 0; i < base.size(); ++i) out.bytes += size(base[i].bits, next[i].bits);
    out.encode_seconds = now() - start;
    return out;
  };
  return {measure("index + value", "SparseRL-Sync, arXiv 2605.07330", raw),
          measure("gaps16 + value, zstd-1", "PULSE, arXiv 2602.03839", gaps),
          measure("XOR, zstd-1", "slime, disk delta", xored)};
}

DeltaEntropy measure_entropy(const std::vector<StateTensor>& base,
                             const std::vector<StateTensor>& next) {
  std::vector<std::uint64_t> counts(1U << 16U);
  DeltaEntropy out;
  for (std::size_t t = 0; t < base.size(); ++t) {
    const std::size_t n = base[t].bits.size() / 2;
    out.values += n;
    for (std::size_t i = 0; i < n; ++i) {
      const std::uint16_t a = value(base[t].bits, i);
      const std::uint16_t b = value(next[t].bits, i);
      if (a == b) continue;
      ++counts[static_cast<std::uint16_t>(b - a)];
      ++out.changed;
    }
  }
  const auto k = static_cast<double>(out.changed);
  const auto n = static_cast<double>(out.values);
  if (out.changed > 0) out.place_bits += k * std::log2(n / k);
  if (out.changed < out.values) out.place_bits += (n - k) * std::log2(n / (n - k));
  for (const std::uint64_t count : counts) {
    const auto c = static_cast<double>(count);
    if (count > 0) out.value_bits += c * std::log2(k / c);
  }
  return out;
}

}  // namespace troupe::bench
