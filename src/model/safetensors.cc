#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "model/checkpoint_files.h"
#include "model/half.h"
#include "model/json_fields.h"

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

struct Entry {
  std::string name;
  std::string dtype;
  std::vector<std::int64_t> shape;
  std::uint64_t count = 0;  // elements
  std::uint64_t begin = 0;  // bytes, from the start of the data
  std::uint64_t end = 0;
};

Result<json> parse_header(std::string_view text) {
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

Result<std::uint64_t> element_bytes(const std::string& name, const std::string& dtype) {
  if (dtype == "F32") return 4;
  if (dtype == "F16" || dtype == "BF16") return 2;
  return invalid(fmt::format("tensor {} has type {}; Troupe reads F32, F16 and BF16: convert it",
                             name, dtype));
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

Result<Entry> read_entry(const std::string& name, const json& value, std::uint64_t data_bytes) {
  Entry entry;
  entry.name = name;
  std::vector<std::int64_t> offsets;
  JsonFields fields(value, "tensor " + name);
  TROUPE_TRY(fields.read_text("dtype", entry.dtype));
  if (!value.is_object() || entry.dtype.empty() ||
      !read_numbers(fields.take("shape"), entry.shape) ||
      !read_numbers(fields.take("data_offsets"), offsets) || offsets.size() != 2) {
    return invalid(fmt::format("tensor {}: no dtype, shape or data_offsets; {}", name, kDamaged));
  }
  TROUPE_ASSIGN(const std::uint64_t bytes_each, element_bytes(name, entry.dtype));
  entry.begin = static_cast<std::uint64_t>(offsets[0]);
  entry.end = static_cast<std::uint64_t>(offsets[1]);
  if (entry.begin > entry.end || entry.end > data_bytes) {
    return invalid(fmt::format("tensor {} lies at bytes {} to {} of {} bytes of data; {}", name,
                               entry.begin, entry.end, data_bytes, kDamaged));
  }
  bool fits = true;
  entry.count = 1;
  for (std::int64_t n : entry.shape) {
    fits =
        fits && !__builtin_mul_overflow(entry.count, static_cast<std::uint64_t>(n), &entry.count);
  }
  std::uint64_t bytes = 0;
  fits = fits && !__builtin_mul_overflow(entry.count, bytes_each, &bytes);
  if (!fits || bytes != entry.end - entry.begin) {
    return invalid(fmt::format("tensor {} of shape {} and type {} has {} bytes of data; {}", name,
                               json(entry.shape).dump(), entry.dtype, entry.end - entry.begin,
                               kDamaged));
  }
  return entry;
}

Status check_cover(const std::vector<Entry>& entries, std::uint64_t data_bytes) {
  std::uint64_t at = 0;
  for (const Entry& entry : entries) {
    if (entry.begin != at) {
      return invalid(fmt::format("tensor {} begins at byte {} where {} was expected; {}",
                                 entry.name, entry.begin, at, kDamaged));
    }
    at = entry.end;
  }
  if (at == data_bytes) return {};
  return invalid(fmt::format("{} bytes follow the last tensor; {}", data_bytes - at, kDamaged));
}

std::vector<float> to_fp32(const Entry& entry, std::string_view data) {
  std::vector<float> values(entry.count);
  const char* from = data.data() + entry.begin;
  if (entry.dtype == "F32") {
    if (!values.empty()) std::memcpy(values.data(), from, values.size() * sizeof(float));
    return values;
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::uint16_t bits = 0;
    std::memcpy(&bits, from + 2 * i, 2);
    values[i] = entry.dtype == "F16" ? half_to_float(bits) : bfloat_to_float(bits);
  }
  return values;
}

}  // namespace

std::string encode_safetensors(const std::vector<NamedTensor>& tensors,
                               const std::vector<std::pair<std::string, std::string>>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  for (const auto& [key, text] : metadata) header["__metadata__"][key] = text;
  std::size_t at = 0;
  for (const NamedTensor& tensor : tensors) {
    const std::size_t end = at + tensor.data.size_bytes();
    header[tensor.name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {at, end}}};
    at = end;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const std::uint64_t length = text.size();
  std::string out(sizeof length, '\0');
  std::memcpy(out.data(), &length, sizeof length);
  out.reserve(sizeof length + text.size() + at);
  out += text;
  for (const NamedTensor& tensor : tensors) {
    out.append(reinterpret_cast<const char*>(tensor.data.data()), tensor.data.size_bytes());
  }
  return out;
}

const SafetensorsFile::Tensor* SafetensorsFile::find(const std::string& name) const {
  for (const Tensor& tensor : tensors) {
    if (tensor.name == name) return &tensor;
  }
  return nullptr;
}

Result<SafetensorsFile> decode_safetensors(std::string_view bytes) {
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

  SafetensorsFile file;
  std::vector<Entry> entries;
  for (const auto& [name, value] : header.items()) {
    if (name != "__metadata__") {
      TROUPE_ASSIGN(Entry entry, read_entry(name, value, data.size()));
      entries.push_back(std::move(entry));
      continue;
    }
    for (const auto& [key, text] : value.items()) {
      if (!text.is_string()) return invalid("__metadata__." + key + " is no text; " + kDamaged);
      file.metadata.emplace_back(key, text.get<std::string>());
    }
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  TROUPE_TRY(check_cover(entries, data.size()));
  for (Entry& entry : entries) {
    std::vector<float> values = to_fp32(entry, data);
    file.tensors.push_back({std::move(entry.name), std::move(entry.shape), std::move(values)});
  }
  return file;
}

}  // namespace troupe
