#include <gtest/gtest.h>

#include "versions/transfer/http_transfer_test_support.h"

namespace troupe {
namespace {

TEST(HttpTransferSlow, EndsAtTheHeadThroughABrokenNetwork) {
  transfer_test::pull_through_broken_network(100, 150);
}

}  // namespace
}  // namespace troupe
