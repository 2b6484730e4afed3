#include "observe/event_record.h"

#include <boost/crc.hpp>
#include <cstring>

namespace troupe {
namespace {

// Protobuf wire types (protobuf.dev/programming-guides/encoding).
constexpr unsigned kVarint = 0;
constexpr unsigned kFixed64 = 1;
constexpr unsigned kBytes = 2;
constexpr unsigned kFixed32 = 5;

void add_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>((value & 0x7F) | 0x80));
  out.push_back(static_cast<char>(value));
}

void add_key(std::string& out, unsigned field, unsigned wire) {
  add_varint(out, field << 3 | wire);
}

void add_bytes(std::string& out, unsigned field, std::string_view bytes) {
  add_key(out, field, kBytes);
  add_varint(out, bytes.size());
  out.append(bytes);
}

void add_little_endian(std::string& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>(value >> (8 * i) & 0xFF));
}

std::uint32_t mask(std::uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xa282ead8U; }

}  // namespace

EventBuilder::EventBuilder(double wall_time, std::int64_t step) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &wall_time, sizeof bits);
  add_key(head_, 1, kFixed64);
  add_little_endian(head_, bits, 8);
  if (step != 0) {  // protobuf leaves a zero out
    add_key(head_, 2, kVarint);
    add_varint(head_, static_cast<std::uint64_t>(step));
  }
}

EventBuilder& EventBuilder::file_version(std::string_view version) {
  add_bytes(head_, 3, version);
  return *this;
}

EventBuilder& EventBuilder::scalar(std::string_view tag, double value) {
  const auto single = static_cast<float>(value);
  std::uint32_t bits = 0;
  std::memcpy(&bits, &single, sizeof bits);
  std::string entry;
  add_bytes(entry, 1, tag);
  add_key(entry, 2, kFixed32);
  add_little_endian(entry, bits, 4);
  add_bytes(summary_, 1, entry);
  return *this;
}

EventBuilder& EventBuilder::session_start() {
  std::string log;
  add_key(log, 1, kVarint);
  add_varint(log, 1);
  add_bytes(head_, 7, log);
  return *this;
}

std::string EventBuilder::bytes() const {
  std::string out = head_;
  if (!summary_.empty()) add_bytes(out, 5, summary_);
  return out;
}

std::uint32_t crc32c(std::string_view bytes) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(bytes.data(), bytes.size());
  return crc.checksum();
}

std::string tf_record(std::string_view data) {
  std::string out;
  add_little_endian(out, data.size(), 8);
  add_little_endian(out, mask(crc32c(out)), 4);
  out.append(data);
  add_little_endian(out, mask(crc32c(data)), 4);
  return out;
}

}  // namespace troupe
