#pragma once

// The two dtypes as the other bodies see them: what a word is, and how floats become words. Written
// once against the lanes of one instruction set (kernels.h has the contracts).

namespace troupe {
namespace {

// Calls body(j, lanes) for each vector of a row of n elements.
#define TROUPE_FOR_LANES(j, lanes, n)                           \
  for (int j = 0, lanes = (n) < kLanes ? (n) : kLanes; j < (n); \
       j += kLanes, lanes = (n)-j < kLanes ? (n)-j : kLanes)

inline F16 take(const float* p, int lanes) {
  return lanes == kLanes ? load(p) : load_first(p, lanes);
}
inline void put(float* p, F16 a, int lanes) {
  if (lanes == kLanes) {
    store(p, a);
  } else {
    store_first(p, a, lanes);
  }
}

struct Fp32 {
  static constexpr Dtype kDtype = Dtype::kFp32;
  static constexpr int kPerWord = 1;
  // c + a * b over the elements of a word.
  static F16 mac(F16 a, F16 b, F16 c) { return fma(a, b, c); }
  // Elements j, j + 1, ... of a row of words.
  static void put_words(float* row, int j, F16 a, int lanes) { put(row + j, a, lanes); }
  static void pair(const float* first, const float* /*second*/, int n, float* out) {
    TROUPE_FOR_LANES(j, lanes, n) { put(out + j, take(first + j, lanes), lanes); }
  }
  static void pair_words(const float* first, const float* second, int n, float* out) {
    pair(first, second, n, out);
  }
  static void round(float* /*x*/, int /*n*/) {}
  static void store_value(const float* x, int n, int /*position*/, float* row) {
    pair(x, nullptr, n, row);
  }
};

struct Bf16 {
  static constexpr Dtype kDtype = Dtype::kBf16;
  static constexpr int kPerWord = 2;
  static F16 mac(F16 a, F16 b, F16 c) { return fma_pairs(a, b, c); }
  static void put_words(float* row, int j, F16 a, int lanes) {
    float* to = row + j / 2;
    if (lanes == kLanes) {
      store_bf16(to, a);
      return;
    }
    float halves[kLanes / 2];
    store_bf16(halves, keep_first(a, lanes, zero()));
    std::memcpy(to, halves, static_cast<std::size_t>((lanes + 1) / 2) * sizeof(float));
  }
  static void pair(const float* first, const float* second, int n, float* out) {
    TROUPE_FOR_LANES(j, lanes, n) {
      const F16 high = second == nullptr ? zero() : take(second + j, lanes);
      put(out + j, join_halves(take(first + j, lanes), high), lanes);
    }
  }
  // Words 2j and 2j + 1 of the result pair the low and the high halves of word j of the rows.
  static void pair_words(const float* first, const float* second, int n, float* out) {
    for (int j = 0; j < n; j += 2 * kLanes) {
      const int lanes = (n - j + 1) / 2 < kLanes ? (n - j + 1) / 2 : kLanes;
      const F16 a = take(first + j / 2, lanes);
      const F16 b = second == nullptr ? zero() : take(second + j / 2, lanes);
      F16 low;
      F16 high;
      weave_halves(a, b, low, high);
      put(out + j, low, n - j < kLanes ? n - j : kLanes);
      if (n - j > kLanes) put(out + j + kLanes, high, n - j < 2 * kLanes ? n - j - kLanes : kLanes);
    }
  }
  static void round(float* x, int n) {
    TROUPE_FOR_LANES(j, lanes, n) { put(x + j, round_bf16(take(x + j, lanes)), lanes); }
  }
  // Two positions share a row. The first leaves a zero for the second, so that a row is a number
  // from then on.
  static void store_value(const float* x, int n, int position, float* row) {
    TROUPE_FOR_LANES(j, lanes, n) {
      const F16 value = take(x + j, lanes);
      const F16 joined = position % 2 == 0 ? join_halves(value, zero())
                                           : join_halves(low_halves(take(row + j, lanes)), value);
      put(row + j, joined, lanes);
    }
  }
};

template <class D>
void pack(const float* x, int n, float* out) {
  TROUPE_FOR_LANES(j, lanes, n) { D::put_words(out, j, take(x + j, lanes), lanes); }
}

}  // namespace
}  // namespace troupe
