#include "versions/delta/payload.h"

#include <fmt/format.h>

#include <cstring>

#include "base/bytes.h"
#include "base/digest.h"
#include "versions/delta/positions.h"

namespace troupe {
namespace {

constexpr std::string_view kMagic = "TRPWTD01";
constexpr std::uint32_t kFormat = 1;
constexpr std::uint32_t kAnchor = 1;  // flag: no base
constexpr std::uint64_t kSeed = 0x4445'4c54'41ULL;
constexpr std::size_t kDigestDigits = 32;
constexpr std::uint8_t kMostDimensions = 8;

tl::unexpected<Error> damaged(const std::string& what) {
  return fail(ErrorCode::kIo,
              fmt::format("the weight delta is damaged ({}): fetch it again", what));
}

void write_id(ByteWriter& out, const StateId& id) {
  out.number(id.incarnation).number(id.number).text(id.digest);
}

StateId read_id(ByteReader& in) {
  StateId id;
  id.incarnation = in.number<std::int64_t>();
  id.number = in.number<std::int64_t>();
  id.digest = in.text();
  return id;
}

Result<TensorForm> read_form(ByteReader& in) {
  TensorForm form;
  form.name = in.text();
  const auto dtype = in.number<std::uint8_t>();
  const auto dimensions = in.number<std::uint8_t>();
  if (dtype > 1) return damaged("a tensor's dtype");
  if (dimensions > kMostDimensions) return damaged("a tensor's dimensions");
  form.dtype = dtype == 0 ? Dtype::kFp32 : Dtype::kBf16;
  for (unsigned i = 0; i < dimensions; ++i) form.shape.push_back(in.number<std::int64_t>());
  if (form.values() > kMostTensorValues) return damaged("a tensor's shape");
  return form;
}

Result<TensorRecord> read_record(ByteReader& in) {
  TensorRecord out;
  TROUPE_ASSIGN(out.form, read_form(in));
  out.digest = in.text();
  if (out.digest.size() != kDigestDigits) return damaged("a tensor's digest");
  const auto code = in.number<std::uint8_t>();
  if (code > static_cast<std::uint8_t>(TensorCode::kDense)) return damaged("a tensor's code");
  out.code = static_cast<TensorCode>(code);
  if (out.code == TensorCode::kUntouched) return out;
  out.changed = in.number<std::uint32_t>();
  const std::uint64_t values = out.form.values();
  if (out.code == TensorCode::kSparse) {
    out.low_bits = in.number<std::uint8_t>();
    out.high_bytes = in.number<std::uint64_t>();
    out.high = read_stream(in);
    out.low = read_stream(in);
    // Every 255 in it stands for at least as many values.
    if (out.low_bits > kMostLowBits || out.changed > values ||
        out.high_bytes > out.changed + values / 255) {
      return damaged("a tensor's places");
    }
  } else if (out.changed != values) {
    return damaged("a tensor's count");
  }
  TROUPE_ASSIGN(out.values, read_values(in, out.form.width()));
  return out;
}

/// The base's is one, and the target's is the one of its tensors.
Status check_digests(const DeltaView& view) {
  std::vector<TensorForm> forms;
  std::vector<std::string> digests;
  for (const TensorRecord& tensor : view.tensors) {
    forms.push_back(tensor.form);
    digests.push_back(tensor.digest);
  }
  const auto& base = view.header.base;
  if (base && base->digest.size() != kDigestDigits) return damaged("the base's digest");
  if (state_digest(forms, digests) != view.header.target.digest) return damaged("its digests");
  return {};
}

}  // namespace

void sign_payload(std::string& payload) {
  const std::uint64_t length = payload.size();
  std::memcpy(payload.data() + 24, &length, sizeof length);
  const std::uint64_t sum = checksum64(std::string_view(payload).substr(8), kSeed);
  std::memcpy(payload.data(), &sum, sizeof sum);
}

std::string seal_delta(const DeltaHeader& header, const std::vector<std::string>& records) {
  std::size_t size = kDeltaPrefix + 256 + header.policy.size();
  for (const std::string& record : records) size += record.size();
  std::string payload;
  payload.reserve(size);
  ByteWriter out(payload);
  out.number(std::uint64_t{0}).raw(kMagic.data(), kMagic.size()).number(kFormat);
  out.number(header.base ? 0U : kAnchor).number(std::uint64_t{0});
  out.text(header.policy);
  if (header.base) write_id(out, *header.base);
  write_id(out, header.target);
  out.number(static_cast<std::uint32_t>(records.size()));
  for (const std::string& record : records) out.raw(record.data(), record.size());
  sign_payload(payload);
  return payload;
}

Result<DeltaView> parse_delta(std::string_view bytes) {
  ByteReader in(bytes);
  const auto sum = in.number<std::uint64_t>();
  const std::string_view magic = in.raw(kMagic.size());
  const auto format = in.number<std::uint32_t>();
  const auto flags = in.number<std::uint32_t>();
  const auto length = in.number<std::uint64_t>();
  if (!in.ok()) return damaged(fmt::format("{} bytes are too few", bytes.size()));
  if (magic != kMagic) return damaged("it does not begin as one");
  if (format != kFormat || flags > kAnchor) {
    return fail(ErrorCode::kIo, fmt::format("the weight delta has format {} with flags {}, which "
                                            "this version of Troupe does not know",
                                            format, flags));
  }
  if (length != bytes.size()) {
    return damaged(fmt::format("{} of {} bytes are there", bytes.size(), length));
  }
  if (sum != checksum64(bytes.substr(8), kSeed)) return damaged("its checksum");

  DeltaView view;
  view.header.policy = in.text();
  if ((flags & kAnchor) == 0) view.header.base = read_id(in);
  view.header.target = read_id(in);
  const auto count = in.number<std::uint32_t>();
  for (std::uint32_t i = 0; i < count && in.ok(); ++i) {
    TROUPE_ASSIGN(TensorRecord record, read_record(in));
    if (!view.header.base && record.code != TensorCode::kDense) {
      return damaged("an anchor that leaves values out");
    }
    if (!view.header.base && record.values.code != ValueCode::kBits) {
      return damaged("an anchor with differences");
    }
    view.tensors.push_back(std::move(record));
  }
  if (!in.ok()) return damaged("a field reaches beyond its end");
  if (in.left() > 0) return damaged("bytes behind its end");
  TROUPE_TRY(check_digests(view));
  return view;
}

}  // namespace troupe
