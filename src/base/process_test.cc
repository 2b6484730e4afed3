#include "base/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

namespace troupe {
namespace {

std::unique_ptr<ChildProcess> shell(const std::string& script) {
  auto child = ChildProcess::start({"/bin/sh", "-c", script});
  EXPECT_TRUE(child) << (child ? "" : child.error().message);
  return child ? std::move(*child) : nullptr;
}

/// True once no process has this id, or only a zombie that nobody has reaped yet.
bool goes(pid_t pid) {
  for (int i = 0; i < 200; ++i) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string number, name, state;
    if (!(file >> number >> name >> state) || state == "Z") return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

TEST(Process, SpeaksInLines) {
  const auto child = shell("while read -r line; do echo \"<$line>\"; done");
  for (const char* text : {"one", "", "three  words here", "back\\slash"}) {
    ASSERT_TRUE(child->write_line(text, 5));
    const auto line = child->read_line(5);
    ASSERT_TRUE(line) << line.error().message;
    EXPECT_EQ(line->front(), '<');
    EXPECT_EQ(line->back(), '>');
  }
  ASSERT_TRUE(child->write_line("last", 5));
  EXPECT_EQ(*child->read_line(5), "<last>");
}

TEST(Process, KeepsLinesApartThatComeTogether) {
  const auto child = shell("printf 'a\\nb\\r\\n\\nunfinished'");
  EXPECT_EQ(*child->read_line(5), "a");
  EXPECT_EQ(*child->read_line(5), "b");
  EXPECT_EQ(*child->read_line(5), "");
  EXPECT_EQ(child->read_line(5).error().code, ErrorCode::kIo);
}

TEST(Process, PassesArgumentsWithoutAShell) {
  auto child = ChildProcess::start({"printf", "%s\n", "$HOME; `ls` 'x'"});
  ASSERT_TRUE(child);
  EXPECT_EQ(*(*child)->read_line(5), "$HOME; `ls` 'x'");
}

TEST(Process, ReportsAMissingProgram) {
  for (const auto& argv :
       {std::vector<std::string>{"/no/such/program"}, {"no-such-program-here"}}) {
    const auto child = ChildProcess::start(argv);
    ASSERT_FALSE(child);
    EXPECT_EQ(child.error().code, ErrorCode::kInvalid);
    EXPECT_NE(child.error().message.find(argv[0]), std::string::npos);
    EXPECT_NE(child.error().message.find("No such file"), std::string::npos);
  }
  EXPECT_FALSE(ChildProcess::start({}));
  EXPECT_FALSE(ChildProcess::start({"/dev/null"}));
}

TEST(Process, WaitsNoLongerThanSaid) {
  const auto child = shell("sleep 30");
  const auto begin = std::chrono::steady_clock::now();
  const auto line = child->read_line(0.05);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().code, ErrorCode::kDeadline);
  EXPECT_GE(took.count(), 0.05);
  EXPECT_LT(took.count(), 5.0);
  // A pipe holds 64 KiB; a reader that never reads leaves the rest with us.
  EXPECT_EQ(child->write_line(std::string(1 << 20, 'x'), 0.05).error().code, ErrorCode::kDeadline);
}

TEST(Process, SaysHowTheChildEnded) {
  const auto exits = shell("echo first trouble >&2; echo the reason >&2; exit 3");
  const auto line = exits->read_line(5);
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().code, ErrorCode::kIo);
  EXPECT_NE(line.error().message.find("exit status 3"), std::string::npos) << line.error().message;
  EXPECT_EQ(exits->stderr_tail(), "first trouble\nthe reason");

  const auto killed = shell("kill -9 $$");
  EXPECT_NE(killed->read_line(5).error().message.find("signal 9"), std::string::npos);
}

TEST(Process, WritingToADeadChildIsAnErrorAndNoSignal) {
  const auto child = shell("exec <&-; exit 0");
  Status status;
  for (int i = 0; i < 500 && status; ++i) {
    status = child->write_line(std::string(1000, 'x'), 1);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::kIo);
}

TEST(Process, KeepsTheEndOfAFloodOfErrors) {
  const auto child = shell(
      "i=0; while [ $i -lt 20000 ]; do echo \"noise number $i\"; i=$((i+1)); done >&2; echo done");
  EXPECT_EQ(*child->read_line(20), "done");
  const std::string tail = child->stderr_tail();
  EXPECT_LE(tail.size(), 2000U);
  EXPECT_NE(tail.find("noise number 19999"), std::string::npos);
}

TEST(Process, CapsALine) {
  const auto child = shell("head -c 3000000 /dev/zero | tr '\\0' x; echo; sleep 30");
  const auto line = child->read_line(20);
  ASSERT_FALSE(line);
  EXPECT_EQ(line.error().code, ErrorCode::kExhausted);
}

TEST(Process, TakesLongLinesBothWaysAtOnce) {
  // cat answers while it still reads: neither side may wait for the other to finish.
  auto child = ChildProcess::start({"cat"});
  ASSERT_TRUE(child);
  const std::string text(900000, 'y');
  ASSERT_TRUE((*child)->write_line(text, 10));
  const auto line = (*child)->read_line(10);
  ASSERT_TRUE(line) << line.error().message;
  EXPECT_EQ(*line, text);
}

TEST(Process, KillsTheChildAndItsChildren) {
  pid_t grandchild = 0;
  {
    const auto child = shell("sleep 100 & echo $!; wait");
    grandchild = std::stoi(*child->read_line(5));
    ASSERT_EQ(::kill(grandchild, 0), 0);
  }
  EXPECT_TRUE(goes(grandchild));
}

TEST(Process, DiesWithTheThreadThatStartedIt) {
  std::unique_ptr<ChildProcess> child;
  std::thread([&] { child = shell("echo ready; read -r line; sleep 100"); }).join();
  // The kernel killed it: its output has at most the first line left.
  auto line = child->read_line(5);
  if (line) line = child->read_line(5);
  ASSERT_FALSE(line);
  EXPECT_NE(line.error().message.find("signal 9"), std::string::npos) << line.error().message;
}

TEST(Process, InheritsNoDescriptors) {
  const int leaked = ::open("/dev/null", O_RDONLY);  // no O_CLOEXEC on purpose
  ASSERT_EQ(::dup2(leaked, 57), 57);
  const auto other = shell("sleep 30");  // its pipes are ours, too
  auto child = ChildProcess::start({"ls", "/proc/self/fd"});
  ASSERT_TRUE(child);
  std::string seen;
  while (const auto line = (*child)->read_line(5)) seen += *line + " ";
  EXPECT_EQ(seen, "0 1 2 3 ");  // 3: the folder that ls reads
  ::close(leaked);
  ::close(57);
}

}  // namespace
}  // namespace troupe
