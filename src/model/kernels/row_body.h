#pragma once

// Functions of rows: norms, rotary embedding, SwiGLU, exponentials. Written once against the lanes
// of one instruction set (kernels.h has the contracts).

namespace troupe {
namespace {

// e^x: x = k ln 2 + r, a polynomial of degree 6 in r (coefficients of Cephes' expf), times 2^k.
// Below -87.3 (where the result would be subnormal) 0; above 88.3 the value at 88.3.
inline F16 exp_lanes(F16 x) {
  const F16 low = broadcast(-87.3F);
  const F16 clamped = min(broadcast(88.3F), max(low, x));
  const F16 shift = broadcast(12582912.0F);  // 1.5 * 2^23: the sum's low bits are round(x / ln 2)
  const F16 magic = fma(clamped, broadcast(1.44269504F), shift);
  const F16 k = sub(magic, shift);
  F16 r = fma(k, broadcast(-0.693359375F), clamped);
  r = fma(k, broadcast(2.12194440e-4F), r);
  F16 p = broadcast(1.9875691500e-4F);
  p = fma(p, r, broadcast(1.3981999507e-3F));
  p = fma(p, r, broadcast(8.3334519073e-3F));
  p = fma(p, r, broadcast(4.1665795894e-2F));
  p = fma(p, r, broadcast(1.6666665459e-1F));
  p = fma(p, r, broadcast(5.0000001201e-1F));
  p = add(fma(mul(r, r), p, r), broadcast(1.0F));
  return zero_below(scale_exponent(p, magic), x, low);
}

inline F16 sigmoid_lanes(F16 x) {
  const F16 one = broadcast(1.0F);
  return div(one, add(one, exp_lanes(sub(zero(), x))));
}

template <class Out>
float rms_norm(const float* x, const float* weight, int n, float eps, float* y) {
  F16 squares = zero();
  TROUPE_FOR_LANES(j, lanes, n) {
    const F16 a = take(x + j, lanes);
    squares = fma(a, a, squares);
  }
  const float mean = sum_lanes(squares) / static_cast<float>(n);
  const float s = 1.0F / __builtin_sqrtf(mean + eps);
  const F16 factor = broadcast(s);
  TROUPE_FOR_LANES(j, lanes, n) {
    Out::put_words(y, j, mul(mul(take(x + j, lanes), factor), take(weight + j, lanes)), lanes);
  }
  return s;
}

// With g = weight * dy: dx = s g - x s^3 mean(g x); dweight += dy x s.
void rms_norm_backward(const float* x, const float* weight, float s, const float* dy, int n,
                       bool add_to, float* dx, float* dweight) {
  F16 products = zero();
  TROUPE_FOR_LANES(j, lanes, n) {
    const F16 g = mul(take(weight + j, lanes), take(dy + j, lanes));
    products = fma(g, take(x + j, lanes), products);
  }
  const float mean = sum_lanes(products) / static_cast<float>(n);
  const F16 factor = broadcast(s);
  const F16 back = broadcast(-(mean * s * s * s));
  TROUPE_FOR_LANES(j, lanes, n) {
    const F16 value = take(x + j, lanes);
    const F16 slope = take(dy + j, lanes);
    put(dweight + j, fma(slope, mul(value, factor), take(dweight + j, lanes)), lanes);
    const F16 g = mul(take(weight + j, lanes), slope);
    const F16 d = fma(value, back, mul(g, factor));
    put(dx + j, add_to ? add(take(dx + j, lanes), d) : d, lanes);
  }
}

void rope(float* x, int heads, const float* cosines, const float* sines, int half, float factor,
          bool inverse) {
  const F16 scale = broadcast(factor);
  TROUPE_FOR_LANES(j, lanes, half) {
    const F16 c = take(cosines + j, lanes);
    const F16 forwards = take(sines + j, lanes);
    const F16 backwards = sub(zero(), forwards);
    const F16 s = inverse ? backwards : forwards;
    const F16 minus_s = inverse ? forwards : backwards;
    // Four heads are read before any is written: a masked store delays the loads that follow it
    // nearby.
    float* left = x + j;
    for (int h = 0; h < heads; h += 4) {
      const int count = heads - h < 4 ? heads - h : 4;
      F16 a[4];
      F16 b[4];
      for (int i = 0; i < count; ++i) {
        a[i] = take(left + i * 2 * half, lanes);
        b[i] = take(left + i * 2 * half + half, lanes);
      }
      for (int i = 0; i < count; ++i, left += 2 * half) {
        put(left, mul(fma(b[i], minus_s, mul(a[i], c)), scale), lanes);
        put(left + half, mul(fma(a[i], s, mul(b[i], c)), scale), lanes);
      }
    }
  }
}

template <class Out>
void swiglu(const float* gate, const float* up, int n, float* out) {
  TROUPE_FOR_LANES(j, lanes, n) {
    const F16 g = take(gate + j, lanes);
    Out::put_words(out, j, mul(mul(g, sigmoid_lanes(g)), take(up + j, lanes)), lanes);
  }
}

// d silu(g) / dg = s (1 + g (1 - s)), s = sigmoid(g).
void swiglu_backward(const float* gate, const float* up, const float* dout, int n, float* dgate,
                     float* dup) {
  const F16 one = broadcast(1.0F);
  TROUPE_FOR_LANES(j, lanes, n) {
    const F16 g = take(gate + j, lanes);
    const F16 d = take(dout + j, lanes);
    const F16 s = sigmoid_lanes(g);
    const F16 slope = mul(s, fma(g, sub(one, s), one));
    put(dgate + j, mul(mul(d, take(up + j, lanes)), slope), lanes);
    put(dup + j, mul(d, mul(g, s)), lanes);
  }
}

void add_row(const float* x, int n, float* y) {
  TROUPE_FOR_LANES(j, lanes, n) { put(y + j, add(take(y + j, lanes), take(x + j, lanes)), lanes); }
}

float max_row(const float* x, int n) {
  const F16 first = broadcast(x[0]);
  F16 most = first;
  TROUPE_FOR_LANES(j, lanes, n) { most = max(most, keep_first(take(x + j, lanes), lanes, first)); }
  return max_lanes(most);
}

float sum_exp(const float* x, int n, float factor, float shift) {
  const F16 f = broadcast(factor);
  const F16 down = broadcast(shift);
  F16 sum = zero();
  TROUPE_FOR_LANES(j, lanes, n) {
    const F16 e = exp_lanes(sub(mul(take(x + j, lanes), f), down));
    sum = add(sum, keep_first(e, lanes, zero()));
  }
  return sum_lanes(sum);
}

void exp_row(const float* x, int n, float* y) {
  TROUPE_FOR_LANES(j, lanes, n) { put(y + j, exp_lanes(take(x + j, lanes)), lanes); }
}

float entropy_row(const float* x, int n) {
  const F16 least = broadcast(-1e30F);
  F16 sum = zero();
  TROUPE_FOR_LANES(j, lanes, n) {
    const F16 a = take(x + j, lanes);
    const F16 term = mul(exp_lanes(a), max(least, a));
    sum = add(sum, keep_first(term, lanes, zero()));
  }
  return -sum_lanes(sum);
}

}  // namespace
}  // namespace troupe
