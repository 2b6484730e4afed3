#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace troupe {

/// One protobuf `Event` of TensorBoard (tensorboard/compat/proto/event.proto), encoded by hand. The
/// fields used: wall_time = 1 (double, seconds since 1970), step = 2 (int64), file_version = 3,
/// summary = 5 { value = 1 { tag = 1, simple_value = 2 (float) } },
/// session_log = 7 { status = 1, START is 1 }.
class EventBuilder {
 public:
  EventBuilder(double wall_time, std::int64_t step);
  EventBuilder& file_version(std::string_view version);
  EventBuilder& scalar(std::string_view tag, double value);
  /// Tells readers to forget events of this step and later that older files hold.
  EventBuilder& session_start();
  /// The message's bytes.
  [[nodiscard]] std::string bytes() const;
  [[nodiscard]] bool has_scalars() const { return !summary_.empty(); }

 private:
  std::string head_;
  std::string summary_;
};

/// CRC-32C (Castagnoli, RFC 3720).
std::uint32_t crc32c(std::string_view bytes);

/// A TFRecord: length (uint64), masked crc of the length, data, masked crc of the data; all little
/// endian. mask(c) = ((c >> 15) | (c << 17)) + 0xa282ead8 (tensorflow/core/lib/io/record_writer.h).
std::string tf_record(std::string_view data);

}  // namespace troupe
