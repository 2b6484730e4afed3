#include "versions/delta/stream.h"

#include <zstd.h>

#include <memory>

namespace troupe {
namespace {

using Context = std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)>;

constexpr std::size_t kLeast = 48;  // shorter streams cannot repay a frame's header

/// The streams have few repeats and uneven bytes: the entropy coder does the work, and the search
/// for repeats should find only long ones.
std::string pack(std::string_view plain) {
  const Context context(ZSTD_createCCtx(), &ZSTD_freeCCtx);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, 1);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_strategy, ZSTD_fast);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_minMatch, 7);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_contentSizeFlag, 0);
  std::string out(ZSTD_compressBound(plain.size()), '\0');
  const std::size_t size =
      ZSTD_compress2(context.get(), out.data(), out.size(), plain.data(), plain.size());
  out.resize(ZSTD_isError(size) != 0 ? out.size() : size);  // too long to be taken
  return out;
}

}  // namespace

void write_stream(ByteWriter& out, std::string_view plain) {
  if (plain.size() >= kLeast) {
    const std::string packed = pack(plain);
    if (packed.size() + plain.size() / 64 <= plain.size()) {
      out.number(static_cast<std::uint64_t>(packed.size()) << 1 | 1U);
      out.raw(packed.data(), packed.size());
      return;
    }
  }
  out.number(static_cast<std::uint64_t>(plain.size()) << 1);
  out.raw(plain.data(), plain.size());
}

StreamView read_stream(ByteReader& in) {
  const auto head = in.number<std::uint64_t>();
  StreamView out;
  out.packed = (head & 1U) != 0;
  out.bytes = in.raw(head >> 1);
  return out;
}

Result<std::string> unpack_stream(const StreamView& stream, std::size_t size) {
  if (!stream.packed) {
    if (stream.bytes.size() != size) {
      return fail(ErrorCode::kIo, "a stream has not the size that its tensor needs");
    }
    return std::string(stream.bytes);
  }
  std::string out(size, '\0');
  const std::size_t got =
      ZSTD_decompress(out.data(), out.size(), stream.bytes.data(), stream.bytes.size());
  if (ZSTD_isError(got) != 0 || got != size) {
    return fail(ErrorCode::kIo, "a stream does not unpack to the size that its tensor needs");
  }
  return out;
}

}  // namespace troupe
