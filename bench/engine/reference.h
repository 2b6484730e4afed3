#pragma once

#include <memory>
#include <string>

#include "model/dtype.h"

namespace troupe::bench {

/// y = x Wᵀ, [m, r] x [n, r]ᵀ into floats, by a library that is known to be good at it, with its
/// weights packed beforehand: the bar for our own product. Not thread-safe.
class ReferenceProduct {
 public:
  virtual ~ReferenceProduct() = default;
  virtual void run() = 0;
};

/// nullptr if the library was not there when this program was built, or cannot do it here.
std::unique_ptr<ReferenceProduct> make_reference(Dtype dtype, int threads, int m, int n, int r);
/// Its name and version; empty without one.
std::string reference_name();

}  // namespace troupe::bench
