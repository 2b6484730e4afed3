#pragma once

// TROUPE_SANITIZED: whether the heap is AddressSanitizer's or ThreadSanitizer's, which GCC and
// clang say in different ways. For tests that replace the heap or measure it.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TROUPE_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define TROUPE_SANITIZED 1
#endif
#endif
#ifndef TROUPE_SANITIZED
#define TROUPE_SANITIZED 0
#endif
