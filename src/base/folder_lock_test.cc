#include "base/folder_lock.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

namespace troupe {
namespace {

TEST(FolderLock, LetsOneInAtATime) {
  char folder[] = "/tmp/troupe-lock-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  {
    auto first = FolderLock::acquire(folder);
    ASSERT_TRUE(first) << first.error().message;
    auto second = FolderLock::acquire(folder);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::kInvalid);
    EXPECT_NE(second.error().message.find("in use"), std::string::npos);
  }
  EXPECT_TRUE(FolderLock::acquire(folder));
  unlink((std::string(folder) + "/.lock").c_str());
  rmdir(folder);
}

TEST(FolderLock, NamesAFolderThatIsNotThere) {
  auto lock = FolderLock::acquire("/nonexistent/folder");
  ASSERT_FALSE(lock);
  EXPECT_EQ(lock.error().code, ErrorCode::kIo);
  EXPECT_NE(lock.error().message.find("/nonexistent/folder"), std::string::npos);
}

}  // namespace
}  // namespace troupe
