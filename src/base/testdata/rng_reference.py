"""Prints the known answers in rng_test.cc, from the published formulas of SplitMix64 and FNV-1a."""
import math

MASK = (1 << 64) - 1


def mix(x):
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def join(seed, index):
    return mix(mix(seed) ^ ((index + 0x632BE59BD9B4E019) & MASK))


def fnv(text):
    h = 0xCBF29CE484222325
    for c in text.encode():
        h = ((h ^ c) * 0x100000001B3) & MASK
    return h


def draw(seed, n):
    return mix((mix(seed) + 0x9E3779B97F4A7C15 * n) & MASK)


print("mix", [hex(mix(x)) for x in (0, 1, MASK)])
print("join", hex(join(7, 3)), hex(join(3, 7)), hex(join(7, fnv("abc"))))
print("next", [hex(draw(42, n)) for n in (0, 1, 2, 1000)])
print("below 10", [draw(42, n) * 10 >> 64 for n in range(8)])
u = (draw(42, 0) >> 11) * 2.0**-53
v = (draw(42, 1) >> 11) * 2.0**-53
print("uniform", repr(u))
print("normal", repr(math.sqrt(-2 * math.log(1 - u)) * math.cos(2 * math.pi * v)))
