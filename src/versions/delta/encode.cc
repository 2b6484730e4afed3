#include "versions/delta/encode.h"

#include <fmt/format.h>

#include <span>
#include <utility>

#include "base/bytes.h"
#include "base/digest.h"
#include "versions/delta/compare.h"
#include "versions/delta/positions.h"
#include "versions/delta/values.h"

namespace troupe {
namespace {

constexpr std::size_t kPart = 128UL << 10;  // bytes compared, gathered and digested while in cache

/// What differs from the base.
struct Changes {
  std::vector<std::uint32_t> places;
  std::string now, base;  ///< the values there
  bool most = false;      ///< more than half: the rest was not looked for
};

/// Also digests all of `now`.
Changes compare(std::string_view now, std::string_view base, unsigned width, Digest& digest) {
  Changes out;
  const std::size_t most = now.size() / width / 2;
  for (std::size_t at = 0; at < now.size(); at += kPart) {
    const std::string_view part = now.substr(at, kPart);
    digest.add(part);
    if (out.most) continue;
    const std::size_t had = out.places.size();
    find_changes(base.substr(at, kPart), part, width, static_cast<std::uint32_t>(at / width),
                 out.places);
    const auto fresh = std::span<const std::uint32_t>(out.places).subspan(had);
    gather_values(now, fresh, width, out.now);
    gather_values(base, fresh, width, out.base);
    out.most = out.places.size() > most;
  }
  return out;
}

std::string write_dense(std::string_view now, std::string_view base, unsigned width) {
  std::string bytes;
  ByteWriter out(bytes);
  out.number(static_cast<std::uint8_t>(TensorCode::kDense));
  out.number(static_cast<std::uint32_t>(now.size() / width));
  write_values(out, now, base, width);
  return bytes;
}

std::string write_sparse(const Changes& changes, std::uint64_t values, unsigned width) {
  const Gaps gaps = split_places(changes.places, values);
  std::string bytes;
  ByteWriter out(bytes);
  out.number(static_cast<std::uint8_t>(TensorCode::kSparse));
  out.number(static_cast<std::uint32_t>(changes.places.size()));
  out.number(static_cast<std::uint8_t>(gaps.low_bits));
  out.number(static_cast<std::uint64_t>(gaps.high.size()));
  write_stream(out, gaps.high);
  write_stream(out, gaps.low);
  write_values(out, changes.now, changes.base, width);
  return bytes;
}

std::string write_head(const TensorForm& form, const std::string& digest) {
  std::string bytes;
  ByteWriter out(bytes);
  out.text(form.name).number(static_cast<std::uint8_t>(form.dtype == Dtype::kFp32 ? 0 : 1));
  out.number(static_cast<std::uint8_t>(form.shape.size()));
  for (const std::int64_t n : form.shape) out.number(n);
  out.text(digest);
  return bytes;
}

std::uint64_t count_changes(std::string_view now, std::string_view base, unsigned width) {
  std::uint64_t count = 0;
  std::vector<std::uint32_t> places;
  for (std::size_t at = 0; at < now.size(); at += kPart) {
    places.clear();
    find_changes(base.substr(at, kPart), now.substr(at, kPart), width, 0, places);
    count += places.size();
  }
  return count;
}

Status check_form(const StateTensor& tensor) {
  const TensorForm& form = tensor.form;
  if (form.values() > kMostTensorValues || form.shape.size() > 8 ||
      form.bytes() != tensor.bits.size()) {
    return fail(ErrorCode::kInvalid,
                fmt::format("tensor {} has {} bytes, which its shape does not fit, or more than "
                            "8 dimensions or {} values",
                            form.name, tensor.bits.size(), kMostTensorValues));
  }
  return {};
}

Result<EncodedDelta> encode(DeltaHeader header, const std::vector<StateTensor>& base,
                            const std::vector<StateTensor>& now) {
  EncodedDelta out;
  std::vector<std::string> records;
  std::vector<TensorForm> forms;
  std::vector<std::string> digests;
  for (std::size_t i = 0; i < now.size(); ++i) {
    TROUPE_TRY(check_form(now[i]));
    EncodedTensor one = encode_tensor(now[i], header.base ? base[i].bits : std::string_view(),
                                      !header.base.has_value());
    out.changed += one.changed;
    forms.push_back(now[i].form);
    digests.push_back(std::move(one.digest));
    records.push_back(std::move(one.record));
  }
  header.target.digest = state_digest(forms, digests);
  out.target = header.target;
  out.payload = seal_delta(header, records);
  return out;
}

}  // namespace

EncodedTensor encode_tensor(const StateTensor& now, std::string_view base, bool anchor) {
  const unsigned width = now.form.width();
  EncodedTensor out;
  Digest digest;
  std::string body;
  if (anchor) {
    digest.add(now.bits);
    out.changed = now.form.values();
    body = write_dense(now.bits, {}, width);
  } else {
    const Changes changes = compare(now.bits, base, width, digest);
    out.changed = changes.most ? count_changes(now.bits, base, width) : changes.places.size();
    if (out.changed == 0) {
      body.push_back(static_cast<char>(TensorCode::kUntouched));
    } else if (!changes.most) {
      body = write_sparse(changes, now.form.values(), width);
    }
    if (changes.most || out.changed > now.form.values() / 4) {
      std::string dense = write_dense(now.bits, base, width);
      if (changes.most || dense.size() < body.size()) body = std::move(dense);
    }
  }
  out.code = static_cast<TensorCode>(body[0]);
  out.digest = digest.hex();
  out.record = write_head(now.form, out.digest) + body;
  return out;
}

Result<EncodedDelta> encode_delta(const std::string& policy, const StateId& from,
                                  const std::vector<StateTensor>& base, std::int64_t incarnation,
                                  std::int64_t number, const std::vector<StateTensor>& now) {
  bool same = base.size() == now.size();
  for (std::size_t i = 0; same && i < now.size(); ++i) {
    same = base[i].form == now[i].form && base[i].bits.size() == now[i].bits.size();
  }
  if (!same) {
    return fail(ErrorCode::kInvalid,
                fmt::format("policy {}: {} has not the tensors of its next version, so there is no "
                            "delta between them: send a full anchor",
                            policy, from.text()));
  }
  return encode({policy, from, {incarnation, number, ""}}, base, now);
}

Result<EncodedDelta> encode_anchor(const std::string& policy, std::int64_t incarnation,
                                   std::int64_t number, const std::vector<StateTensor>& now) {
  return encode({policy, std::nullopt, {incarnation, number, ""}}, {}, now);
}

std::string digest_of(const std::vector<StateTensor>& state) {
  std::vector<TensorForm> forms;
  std::vector<std::string> digests;
  for (const StateTensor& tensor : state) {
    forms.push_back(tensor.form);
    digests.push_back(tensor_digest(tensor.bits));
  }
  return state_digest(forms, digests);
}

}  // namespace troupe
