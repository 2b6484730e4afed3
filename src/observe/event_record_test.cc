#include "observe/event_record.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

// RFC 3720, appendix B.4, and the check value of the CRC catalogue.
TEST(EventRecord, Crc32cKnownValues) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62A8AB43U);
  EXPECT_EQ(crc32c(""), 0U);
}

// Bytes made with TensorBoard's own writer and protobuf classes (testdata/make_events.py).
TEST(EventRecord, SameBytesAsTensorBoardsWriter) {
  const auto from_hex = [](const std::string& hex) {
    std::string out;
    for (std::size_t i = 0; i < hex.size(); i += 2) {
      out.push_back(static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16)));
    }
    return out;
  };
  EXPECT_EQ(tf_record(EventBuilder(1700000000.25, 0).file_version("brain.Event:2").bytes()),
            from_hex("1800000000000000a37f4b220900001040fc54d9411a0d627261696e2e45"
                     "76656e743a32338d2fe9"));
  EXPECT_EQ(tf_record(EventBuilder(1700000000.5, 300)
                          .scalar("first/reward", 0.5)
                          .scalar("eval/success", -1.25)
                          .bytes()),
            from_hex("3800000000000000a3797d570900002040fc54d94110ac022a2a0a130a0c"
                     "66697273742f726577617264150000003f0a130a0c6576616c2f73756363"
                     "657373150000a0bfd72b8c75"));
  EXPECT_EQ(tf_record(EventBuilder(1700000001, 41).session_start().bytes()),
            from_hex("0f000000000000006d532b090900004040fc54d94110293a020801531b8f"
                     "bc"));
}

}  // namespace
}  // namespace troupe
