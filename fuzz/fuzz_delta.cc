// Any bytes as a weight delta, with the checksum made right: what parses can be unpacked to the end
// or gives an error, and a state is the target or as it was.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "versions/delta/apply.h"
#include "versions/delta/payload.h"

namespace {

using namespace troupe;

constexpr std::uint64_t kMostBytes = 1 << 20;  // of a state that the fuzzer can ask for

/// A state that the payload fits, if it names its tensors rightly.
struct State {
  std::vector<std::string> bits;
  HeldState held;
};

bool make_state(const DeltaView& delta, State& state) {
  std::uint64_t total = 0;
  for (const TensorRecord& tensor : delta.tensors) {
    total += tensor.form.bytes();
    if (total > kMostBytes) return false;
    state.bits.emplace_back(tensor.form.bytes(), '\x35');
  }
  for (std::size_t i = 0; i < state.bits.size(); ++i) {
    state.held.tensors.push_back({delta.tensors[i].form, state.bits[i]});
  }
  state.held.policy = delta.header.policy;
  if (delta.header.base) state.held.id = *delta.header.base;
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  if (size >= kDeltaPrefix) sign_payload(bytes);
  const auto delta = parse_delta(bytes);
  if (!delta) {
    if (delta.error().message.empty()) std::abort();
    return 0;
  }
  State state;
  if (!make_state(*delta, state)) return 0;
  const std::vector<std::string> before = state.bits;
  const bool same = state.held.id == delta->header.target;
  const auto status = apply_delta(bytes, state.held);
  if (status && !same && !(state.held.id == delta->header.target)) std::abort();
  if (!status && state.bits != before) std::abort();
  // Unpacking alone, which a wrong digest of another tensor does not keep from all of them.
  for (std::size_t i = 0; i < delta->tensors.size(); ++i) {
    auto patch = unpack_tensor(delta->tensors[i], state.bits[i]);
    if (patch) exchange(*patch, state.held.tensors[i].bits, delta->tensors[i].form.width());
  }
  return 0;
}
