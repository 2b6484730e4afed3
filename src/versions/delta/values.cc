#include "versions/delta/values.h"

#include <array>
#include <cassert>
#include <cmath>
#include <cstring>

namespace troupe {
namespace {

template <class T>
T load(std::string_view bits, std::size_t i) {
  T value;
  std::memcpy(&value, bits.data() + i * sizeof(T), sizeof(T));
  return value;
}

template <class T>
void store(std::string& bits, std::size_t i, T value) {
  std::memcpy(bits.data() + i * sizeof(T), &value, sizeof(T));
}

template <class T>
void gather(std::string_view bits, std::span<const std::uint32_t> places, std::string& out) {
  std::size_t to = out.size() / sizeof(T);
  out.resize(out.size() + places.size() * sizeof(T));
  for (const std::uint32_t place : places) store<T>(out, to++, load<T>(bits, place));
}

template <class T>
std::string differences(std::string_view now, std::string_view base) {
  std::string out(now.size(), '\0');
  for (std::size_t i = 0; i < now.size() / sizeof(T); ++i) {
    const T d = static_cast<T>(load<T>(now, i) - load<T>(base, i));
    const T sign = static_cast<T>(d >> (8 * sizeof(T) - 1));
    store<T>(out, i, static_cast<T>(static_cast<T>(d << 1) ^ static_cast<T>(-sign)));
  }
  return out;
}

template <class T>
void add_differences(std::string& bits, std::string_view base) {
  for (std::size_t i = 0; i < bits.size() / sizeof(T); ++i) {
    const T z = load<T>(bits, i);
    const T d = static_cast<T>(static_cast<T>(z >> 1) ^ static_cast<T>(-(z & 1)));
    store<T>(bits, i, static_cast<T>(load<T>(base, i) + d));
  }
}

std::string plane(std::string_view bits, unsigned width, unsigned which) {
  std::string out(bits.size() / width, '\0');
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = bits[i * width + which];
  return out;
}

/// Bits that an ideal coder of single bytes would take (Shannon 1948, zero order), over all planes.
double plane_entropy(std::string_view bits, unsigned width) {
  std::array<std::array<std::uint32_t, 256>, 4> counts{};
  const std::size_t n = bits.size() / width;
  for (std::size_t i = 0; i < n; ++i) {
    for (unsigned p = 0; p < width; ++p) {
      ++counts[p][static_cast<unsigned char>(bits[i * width + p])];
    }
  }
  double total = 0;
  for (const auto& of_plane : counts) {
    for (const std::uint32_t count : of_plane) {
      if (count > 0) total += count * std::log2(static_cast<double>(n) / count);
    }
  }
  return total;
}

}  // namespace

void gather_values(std::string_view bits, std::span<const std::uint32_t> places, unsigned width,
                   std::string& out) {
  if (width == 2) {
    gather<std::uint16_t>(bits, places, out);
  } else {
    gather<std::uint32_t>(bits, places, out);
  }
}

void write_values(ByteWriter& out, std::string_view now, std::string_view base, unsigned width) {
  assert(base.empty() || base.size() == now.size());
  std::string changed;
  ValueCode code = ValueCode::kBits;
  if (!base.empty()) {
    changed =
        width == 2 ? differences<std::uint16_t>(now, base) : differences<std::uint32_t>(now, base);
    if (plane_entropy(changed, width) < plane_entropy(now, width)) code = ValueCode::kDifference;
  }
  out.number(static_cast<std::uint8_t>(code));
  const std::string_view chosen = code == ValueCode::kBits ? now : std::string_view(changed);
  for (unsigned p = 0; p < width; ++p) write_stream(out, plane(chosen, width, p));
}

Result<ValuesView> read_values(ByteReader& in, unsigned width) {
  ValuesView out;
  const auto code = in.number<std::uint8_t>();
  if (code > static_cast<std::uint8_t>(ValueCode::kDifference)) {
    return fail(ErrorCode::kIo, "values are written in a way that is not known");
  }
  out.code = static_cast<ValueCode>(code);
  for (unsigned p = 0; p < width; ++p) out.planes[p] = read_stream(in);
  return out;
}

Result<std::string> unpack_values(const ValuesView& values, std::uint64_t count,
                                  std::string_view base, unsigned width) {
  std::string out(count * width, '\0');
  for (unsigned p = 0; p < width; ++p) {
    TROUPE_ASSIGN(const std::string bytes, unpack_stream(values.planes[p], count));
    for (std::size_t i = 0; i < bytes.size(); ++i) out[i * width + p] = bytes[i];
  }
  if (values.code == ValueCode::kBits) return out;
  assert(base.size() == out.size());
  if (width == 2) {
    add_differences<std::uint16_t>(out, base);
  } else {
    add_differences<std::uint32_t>(out, base);
  }
  return out;
}

}  // namespace troupe
