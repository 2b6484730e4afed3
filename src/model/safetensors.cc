#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "model/half.h"
#include "model/json_fields.h"
#include "model/safetensors.h"

// The format: https://github.com/huggingface/safetensors#format. Like the reference reader, this
// one wants the data to be covered by the tensors exactly: no gap, no overlap, no bytes left over.

namespace troupe {
namespace {

using nlohmann::json;

static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian");

constexpr std::uint64_t kMostHeaderBytes = 100'000'000;  // the reference reader's own limit
constexpr const char* kDamaged = "the file is damaged or truncated; copy it again";

tl::unexpected<Error> invalid(std::string message) {
  return fail(ErrorCode::kInvalid, std::move(message));
}

using Type = TensorView::Type;

struct DtypeName {
  Type type;
  const char* name;
  std::uint64_t bytes;
};
constexpr DtypeName kDtypes[] = {
    {Type::kF32, "F32", 4}, {Type::kF16, "F16", 2}, {Type::kBf16, "BF16", 2}};

Result<json> parse_header(std::string_view text) {
  const Status shallow = check_json_depth(text);
  if (!shallow) return within("the header", shallow.error());
  std::set<std::string> names;
  std::string twice;
  const auto watch = [&](int depth, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::key && depth == 1) {
      const auto& name = parsed.get_ref<const std::string&>();
      if (!names.insert(name).second) twice = name;
    }
    return true;
  };
  try {
    json header = json::parse(text.begin(), text.end(), watch);
    if (!twice.empty())
      return invalid(fmt::format("tensor {} is there twice; {}", twice, kDamaged));
    if (!header.is_object())
      return invalid(fmt::format("the header is no JSON object; {}", kDamaged));
    return header;
  } catch (const json::exception& e) {
    return invalid(fmt::format("the header is not valid JSON ({}); {}", e.what(), kDamaged));
  }
}

Result<DtypeName> find_dtype(const std::string& tensor, const std::string& dtype) {
  for (const DtypeName& known : kDtypes) {
    if (dtype == known.name) return known;
  }
  return invalid(fmt::format("tensor {} has type {}; Troupe reads F32, F16 and BF16: convert it",
                             tensor, dtype));
}

/// A list of non-negative integers.
bool read_numbers(const json* value, std::vector<std::int64_t>& out) {
  if (value == nullptr || !value->is_array()) return false;
  for (const json& n : *value) {
    if (!n.is_number_unsigned() || n.get<std::uint64_t>() > INT64_MAX) return false;
    out.push_back(n.get<std::int64_t>());
  }
  return true;
}

Result<TensorView> read_entry(const std::string& name, const json& value, std::string_view data) {
  TensorView tensor;
  tensor.name = name;
  std::string dtype;
  std::vector<std::int64_t> offsets;
  JsonFields fields(value, "tensor " + name);
  TROUPE_TRY(fields.read_text("dtype", dtype));
  if (!value.is_object() || dtype.empty() || !read_numbers(fields.take("shape"), tensor.shape) ||
      !read_numbers(fields.take("data_offsets"), offsets) || offsets.size() != 2) {
    return invalid(fmt::format("tensor {}: no dtype, shape or data_offsets; {}", name, kDamaged));
  }
  TROUPE_ASSIGN(const DtypeName known, find_dtype(name, dtype));
  tensor.type = known.type;
  const auto begin = static_cast<std::uint64_t>(offsets[0]);
  const auto end = static_cast<std::uint64_t>(offsets[1]);
  if (begin > end || end > data.size()) {
    return invalid(fmt::format("tensor {} lies at bytes {} to {} of {} bytes of data; {}", name,
                               begin, end, data.size(), kDamaged));
  }
  bool fits = true;
  std::uint64_t bytes = known.bytes;
  for (const std::int64_t n : tensor.shape) {
    fits = fits && !__builtin_mul_overflow(bytes, static_cast<std::uint64_t>(n), &bytes);
  }
  if (!fits || bytes != end - begin) {
    return invalid(fmt::format("tensor {} of shape {} and type {} has {} bytes of data; {}", name,
                               json(tensor.shape).dump(), dtype, end - begin, kDamaged));
  }
  tensor.bytes = data.substr(begin, end - begin);
  return tensor;
}

/// Where a tensor's data begin in the file's.
std::size_t offset(const TensorView& tensor, std::string_view data) {
  return static_cast<std::size_t>(tensor.bytes.data() - data.data());
}

Status check_cover(const std::vector<TensorView>& tensors, std::string_view data) {
  std::size_t at = 0;
  for (const TensorView& tensor : tensors) {
    if (offset(tensor, data) != at) {
      return invalid(fmt::format("tensor {} begins at byte {} where {} was expected; {}",
                                 tensor.name, offset(tensor, data), at, kDamaged));
    }
    at += tensor.bytes.size();
  }
  if (at == data.size()) return {};
  return invalid(fmt::format("{} bytes follow the last tensor; {}", data.size() - at, kDamaged));
}

void append(std::string& out, std::span<const float> values, Dtype dtype) {
  if (dtype == Dtype::kFp32) {
    out.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
    return;
  }
  for (const float value : values) {
    const std::uint16_t bits = float_to_bfloat(value);
    out.append(reinterpret_cast<const char*>(&bits), sizeof bits);
  }
}

}  // namespace

std::string safetensors_header(const std::vector<SafetensorsForm>& tensors,
                               const std::vector<std::pair<std::string, std::string>>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  for (const auto& [key, text] : metadata) header["__metadata__"][key] = text;
  std::uint64_t at = 0;
  for (const SafetensorsForm& tensor : tensors) {
    const DtypeName& known =
        *std::find_if(std::begin(kDtypes), std::end(kDtypes),
                      [&](const DtypeName& candidate) { return candidate.type == tensor.type; });
    std::uint64_t end = known.bytes;
    for (const std::int64_t n : tensor.shape) end *= static_cast<std::uint64_t>(n);
    end += at;
    header[tensor.name] = {
        {"dtype", known.name}, {"shape", tensor.shape}, {"data_offsets", {at, end}}};
    at = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const std::uint64_t length = text.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof length) + text;
}

std::string encode_safetensors(const std::vector<NamedTensor>& tensors,
                               const std::vector<std::pair<std::string, std::string>>& metadata,
                               Dtype dtype) {
  std::vector<SafetensorsForm> forms;
  std::size_t bytes = 0;
  for (const NamedTensor& tensor : tensors) {
    forms.push_back({tensor.name, dtype == Dtype::kFp32 ? Type::kF32 : Type::kBf16, tensor.shape});
    bytes += tensor.data.size() * (dtype == Dtype::kFp32 ? 4 : 2);
  }
  std::string out = safetensors_header(forms, metadata);
  out.reserve(out.size() + bytes);
  for (const NamedTensor& tensor : tensors) append(out, tensor.data, dtype);
  return out;
}

void TensorView::read(std::size_t first, std::span<float> out) const {
  assert(first + out.size() <= size());
  if (out.empty()) return;
  if (type == Type::kF32) {
    std::memcpy(out.data(), bytes.data() + first * sizeof(float), out.size_bytes());
    return;
  }
  const char* from = bytes.data() + 2 * first;
  for (float& value : out) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, from, 2);
    from += 2;
    value = type == Type::kF16 ? half_to_float(bits) : bfloat_to_float(bits);
  }
}

const TensorView* SafetensorsView::find(const std::string& name) const {
  for (const TensorView& tensor : tensors) {
    if (tensor.name == name) return &tensor;
  }
  return nullptr;
}

Result<SafetensorsView> parse_safetensors(std::string_view bytes) {
  std::uint64_t length = 0;
  if (bytes.size() < sizeof length) {
    return invalid(fmt::format("{} bytes are no safetensors file; {}", bytes.size(), kDamaged));
  }
  std::memcpy(&length, bytes.data(), sizeof length);
  bytes.remove_prefix(sizeof length);
  if (length > bytes.size() || length > kMostHeaderBytes) {
    return invalid(
        fmt::format("the header claims {} bytes and the file has {} after its length; {}", length,
                    bytes.size(), kDamaged));
  }
  TROUPE_ASSIGN(const json header, parse_header(bytes.substr(0, length)));
  const std::string_view data = bytes.substr(length);

  SafetensorsView file;
  for (const auto& [name, value] : header.items()) {
    if (name != "__metadata__") {
      TROUPE_ASSIGN(TensorView tensor, read_entry(name, value, data));
      file.tensors.push_back(std::move(tensor));
      continue;
    }
    for (const auto& [key, text] : value.items()) {
      if (!text.is_string()) return invalid("__metadata__." + key + " is no text; " + kDamaged);
      file.metadata.emplace_back(key, text.get<std::string>());
    }
  }
  std::sort(file.tensors.begin(), file.tensors.end(), [](const auto& a, const auto& b) {
    const auto order = [](const TensorView& t) {
      return std::tuple(t.bytes.data(), t.bytes.size(), std::string_view(t.name));
    };
    return order(a) < order(b);
  });
  TROUPE_TRY(check_cover(file.tensors, data));
  return file;
}

}  // namespace troupe
