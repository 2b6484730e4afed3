#include "base/block_io.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace troupe {
namespace {

/// The errors of transfers; that they move bytes is the disks' contract (disk_test.cc).
class EveryBlockIo : public ::testing::TestWithParam<BlockIo> {
 protected:
  static int transfer(Transfer::Way way, const char* path, int flags, std::string& bytes) {
    const int descriptor = ::open(path, flags | O_CLOEXEC);
    EXPECT_GE(descriptor, 0);
    Transfer all;
    all.way = way;
    all.descriptor = descriptor;
    all.data = bytes.data();
    all.size = bytes.size();
    const int result = transfer_blocks(GetParam(), all, [](std::uint64_t) {});
    ::close(descriptor);
    return result;
  }
};

INSTANTIATE_TEST_SUITE_P(Ways, EveryBlockIo,
                         ::testing::Values(BlockIo::kRing, BlockIo::kThreads, BlockIo::kPlain));

TEST_P(EveryBlockIo, GivesTheSystemsError) {
  std::string bytes(10 * kBlockBytes, 'x');
  EXPECT_EQ(transfer(Transfer::Way::kWrite, "/dev/full", O_WRONLY, bytes), ENOSPC);
  EXPECT_EQ(transfer(Transfer::Way::kWrite, "/dev/zero", O_RDONLY, bytes), EBADF);
  EXPECT_EQ(transfer(Transfer::Way::kRead, "/dev/null", O_RDONLY, bytes), kEndsEarly);
  EXPECT_EQ(transfer(Transfer::Way::kRead, "/dev/zero", O_RDONLY, bytes), 0);
  EXPECT_EQ(bytes, std::string(10 * kBlockBytes, '\0'));
}

/// As in a container that forbids io_uring: here for want of a descriptor.
TEST(BlockIo, WorksWithoutARing) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizers need descriptors of their own";
#endif
  const int descriptor = ::open("/dev/zero", O_RDONLY | O_CLOEXEC);
  ASSERT_GE(descriptor, 0);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit none = before;
  none.rlim_cur = 0;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  std::string bytes(3 * kBlockBytes, 'x');
  Transfer all;
  all.descriptor = descriptor;
  all.data = bytes.data();
  all.size = bytes.size();
  const bool ring = has_ring();
  const int result = transfer_blocks(BlockIo::kRing, all, [](std::uint64_t) {});
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ::close(descriptor);
  EXPECT_FALSE(ring);
  EXPECT_EQ(result, 0);
  EXPECT_EQ(bytes, std::string(bytes.size(), '\0'));
}

}  // namespace
}  // namespace troupe
