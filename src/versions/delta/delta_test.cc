#include <gtest/gtest.h>

#include <algorithm>

#include "versions/delta/delta_test_support.h"

// Round trips of whole states, and what apply_delta() refuses.

namespace troupe {
namespace {

using namespace delta_test;

EncodedDelta encode(const Owned& base, std::int64_t from, const Owned& now, std::int64_t to) {
  auto out = encode_delta("p", base.id(from), base.tensors(), 0, to, now.tensors());
  EXPECT_TRUE(out) << out.error().message;
  return std::move(*out);
}

std::uint64_t naive_changes(const Owned& a, const Owned& b) {
  std::uint64_t count = 0;
  for (std::size_t t = 0; t < a.forms.size(); ++t) {
    const unsigned width = a.forms[t].width();
    for (std::size_t i = 0; i < a.forms[t].values(); ++i) {
      if (get(a.bits[t], width, i) != get(b.bits[t], width, i)) ++count;
    }
  }
  return count;
}

/// There and back; returns the payload's bytes.
std::size_t round_trip(const Owned& base, const Owned& now) {
  const EncodedDelta delta = encode(base, 1, now, 2);
  EXPECT_EQ(delta.changed, naive_changes(base, now));
  EXPECT_EQ(delta.target, now.id(2));
  Owned copy = base;
  HeldState held = copy.held(base.id(1));
  const Status applied = apply_delta(delta.payload, held);
  EXPECT_TRUE(applied) << applied.error().message;
  EXPECT_EQ(copy.bits, now.bits);
  EXPECT_EQ(held.id, now.id(2));
  EXPECT_TRUE(apply_delta(delta.payload, held)) << "once more is no harm";
  EXPECT_EQ(copy.bits, now.bits);
  return delta.payload.size();
}

TEST(Delta, CarriesRandomChangesOfEveryShare) {
  for (const double share : {0.0, 0.0005, 0.006, 0.05, 0.13, 0.3, 0.49, 0.51, 0.9, 1.0}) {
    for (std::uint64_t seed = 0; seed < 8; ++seed) {
      Owned base = small_state(seed);
      base.add("large", Dtype::kBf16, {211, 97});
      base.add("wide", Dtype::kFp32, {53, 101});
      Rng rng(seed_join(seed, "changes"));
      fill(base, rng);
      Owned now = base;
      for (std::size_t t = 0; t < now.forms.size(); ++t) {
        const unsigned width = now.forms[t].width();
        for (std::size_t i = 0; i < now.forms[t].values(); ++i) {
          if (rng.uniform() >= share) continue;
          // A step by a unit or two, or anything.
          const std::uint32_t old = get(now.bits[t], width, i);
          const bool near = rng.below(4) > 0;
          const auto value = static_cast<std::uint32_t>(near ? old + 2 - rng.below(5) : rng.next());
          set(now.bits[t], width, i, value);
        }
      }
      SCOPED_TRACE(testing::Message() << "share " << share << ", seed " << seed);
      round_trip(base, now);
      if (HasFailure()) return;
    }
  }
}

TEST(Delta, KeepsBitPatternsThatNumbersHide) {
  Owned base;
  base.add("half", Dtype::kBf16, {6});
  base.add("full", Dtype::kFp32, {6});
  Owned now = base;
  // Negative zero, two NaNs with payloads, the least denormal, infinity, a signalling NaN.
  const std::uint32_t half[] = {0x8000, 0x7fc1, 0xffff, 0x0001, 0x7f80, 0x7f81};
  const std::uint32_t full[] = {0x80000000, 0x7fc00001, 0xffffffff,
                                0x00000001, 0x7f800000, 0x7f800001};
  for (std::size_t i = 0; i < 6; ++i) {
    set(now.bits[0], 2, i, half[i]);
    set(now.bits[1], 4, i, full[i]);
  }
  round_trip(base, now);
  round_trip(now, base);
  Owned other = now;  // from NaN to NaN
  set(other.bits[0], 2, 1, 0x7fc2);
  set(other.bits[1], 4, 1, 0x7fc00002);
  EXPECT_EQ(encode(now, 1, other, 2).changed, 2U);
  round_trip(now, other);
}

TEST(Delta, FindsASingleChangeAtEveryPlace) {
  const Owned base = small_state(7);
  for (std::size_t t = 0; t < base.forms.size(); ++t) {
    for (std::size_t byte = 0; byte < base.bits[t].size(); ++byte) {
      Owned now = base;
      now.bits[t][byte] = static_cast<char>(now.bits[t][byte] ^ (1 << (byte % 8)));
      const EncodedDelta delta = encode(base, 1, now, 2);
      ASSERT_EQ(delta.changed, 1U);
      Owned copy = base;
      HeldState held = copy.held(base.id(1));
      ASSERT_TRUE(apply_delta(delta.payload, held));
      ASSERT_EQ(copy.bits, now.bits);
    }
  }
}

TEST(Delta, ChoosesTheCheapestCodeForEachTensor) {
  Owned base;
  for (const char* name : {"same", "few", "all", "rows"}) base.add(name, Dtype::kBf16, {100, 100});
  Rng rng(3);
  fill(base, rng);
  Owned now = base;
  for (std::size_t i = 0; i < 60; ++i) set(now.bits[1], 2, i * 150, rng.next() & 0xffffU);
  for (char& c : now.bits[2]) c = static_cast<char>(rng.next());
  for (std::size_t i = 0; i < 4000; ++i) set(now.bits[3], 2, i, rng.next() & 0xffffU);
  const EncodedDelta delta = encode(base, 1, now, 2);
  const auto view = parse_delta(delta.payload);
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_EQ(view->tensors[0].code, TensorCode::kUntouched);
  EXPECT_EQ(view->tensors[1].code, TensorCode::kSparse);
  EXPECT_EQ(view->tensors[2].code, TensorCode::kDense);
  EXPECT_EQ(view->tensors[3].code, TensorCode::kSparse);  // many, but in one piece
  EXPECT_LT(delta.payload.size(), 20000U + 60 * 5 + 8000 + 600);
}

TEST(Delta, AnAnchorNeedsNoBase) {
  const Owned now = small_state(5);
  const auto anchor = encode_anchor("p", 3, 9, now.tensors());
  ASSERT_TRUE(anchor);
  Owned late = small_state(99);
  HeldState held = late.held({});
  ASSERT_TRUE(apply_delta(anchor->payload, held));
  EXPECT_EQ(late.bits, now.bits);
  EXPECT_EQ(held.id, anchor->target);
  EXPECT_EQ(held.id.text(), "version 3.9");
  // One that comes late takes nobody back; one that starts the same version anew repairs it.
  const auto older = encode_anchor("p", 3, 8, small_state(6).tensors());
  const Status late_anchor = apply_delta(older->payload, held);
  ASSERT_FALSE(late_anchor);
  EXPECT_EQ(late_anchor.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(late.bits, now.bits);
  late.bits[0][0] = static_cast<char>(late.bits[0][0] + 1);
  held.id = {};
  ASSERT_TRUE(apply_delta(anchor->payload, held));
  EXPECT_EQ(late.bits, now.bits);
}

TEST(Delta, RefusesAnotherOrderAndRecovers) {
  Owned v1 = small_state(1);
  Owned v2 = v1;
  Owned v3;
  set(v2.bits[0], 2, 5, 1);
  v3 = v2;
  set(v3.bits[1], 4, 2, 77);
  Owned v4 = v3;
  set(v4.bits[0], 2, 5, 2);
  const std::string payloads[] = {encode(v1, 1, v2, 2).payload, encode(v2, 2, v3, 3).payload,
                                  encode(v3, 3, v4, 4).payload};
  int order[] = {0, 1, 2};
  do {
    Owned copy = v1;
    HeldState held = copy.held(v1.id(1));
    std::vector<int> waiting(std::begin(order), std::end(order));
    int refused = 0;
    while (!waiting.empty()) {  // what is refused comes again
      const int which = waiting.front();
      waiting.erase(waiting.begin());
      const Owned before = copy;
      const StateId id = held.id;
      const Status status = apply_delta(payloads[which], held);
      if (status) continue;
      ASSERT_EQ(status.error().code, ErrorCode::kInvalid);
      ASSERT_NE(status.error().message.find("out of order"), std::string::npos);
      ASSERT_EQ(copy.bits, before.bits);
      ASSERT_EQ(held.id, id);
      waiting.push_back(which);
      ASSERT_LT(++refused, 9);
    }
    EXPECT_EQ(copy.bits, v4.bits);
    EXPECT_EQ(refused > 0, !std::is_sorted(std::begin(order), std::end(order)));
  } while (std::next_permutation(std::begin(order), std::end(order)));
  HeldState held = v1.held(v1.id(1));
  EXPECT_EQ(apply_delta(payloads[1], held).error().message,
            "policy p: a weight delta out of order: it leads from version 2 to version 3, and "
            "version 1 is held; get what lies between, or a full anchor");
  held.id = v2.id(1);
  EXPECT_NE(apply_delta(payloads[0], held).error().message.find("its digest differs"),
            std::string::npos);
}

TEST(Delta, RefusesAnotherPolicyOrModel) {
  const Owned base = small_state(1);
  const std::string payload = encode(base, 1, small_state(2), 2).payload;
  Owned copy = base;
  HeldState held = copy.held(base.id(1));
  held.policy = "q";
  EXPECT_EQ(apply_delta(payload, held).error().code, ErrorCode::kInvalid);
  held = copy.held(base.id(1));
  held.tensors[0].form.shape = {11, 37};
  EXPECT_EQ(apply_delta(payload, held).error().code, ErrorCode::kInvalid);
  held = copy.held(base.id(1));
  held.tensors.pop_back();
  EXPECT_EQ(apply_delta(payload, held).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(copy.bits, base.bits);
}

TEST(Delta, StopsWhereTheHeldBitsAreNotTheirVersion) {
  const Owned base = small_state(1);
  Owned now = base;
  for (std::string& bits : now.bits) {
    if (!bits.empty()) bits[0] = static_cast<char>(bits[0] + 1);
  }
  const std::string payload = encode(base, 1, now, 2).payload;
  for (std::size_t t = 0; t < base.forms.size(); ++t) {
    if (base.forms[t].values() < 2) continue;  // what is written anew cannot be wrong
    Owned drifted = base;
    drifted.bits[t].back() = static_cast<char>(drifted.bits[t].back() ^ 4);
    const Owned before = drifted;
    HeldState held = drifted.held(base.id(1));
    const Status status = apply_delta(payload, held);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, ErrorCode::kInternal);
    EXPECT_EQ(drifted.bits, before.bits);
    EXPECT_EQ(held.id, base.id(1));
  }
}

TEST(Delta, RefusesStatesThatDoNotFit) {
  const Owned base = small_state(1);
  Owned fewer = base;
  fewer.forms.pop_back();
  fewer.bits.pop_back();
  EXPECT_FALSE(encode_delta("p", base.id(1), base.tensors(), 0, 2, fewer.tensors()));
  Owned short_bits = base;
  short_bits.bits[0].pop_back();
  EXPECT_FALSE(encode_anchor("p", 0, 2, short_bits.tensors()));
  EXPECT_EQ((TensorForm{"x", Dtype::kBf16, {1LL << 40, 1LL << 40, 0}}).values(),
            kMostTensorValues + 1);
  EXPECT_EQ((TensorForm{"x", Dtype::kBf16, {-1}}).values(), kMostTensorValues + 1);
  EXPECT_EQ((TensorForm{"x", Dtype::kBf16, {0, 1LL << 31, 1LL << 31}}).values(), 0U);
}

}  // namespace
}  // namespace troupe
