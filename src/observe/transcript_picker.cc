#include "observe/transcript_picker.h"

#include <algorithm>

namespace troupe {

void TranscriptPicker::add(const Transcript& transcript) {
  ++seen_;
  if (transcript.success) ++solved_;
  std::vector<Transcript>& kind = transcript.success ? good_ : bad_;
  if (kind.size() < limit_) kind.push_back(transcript);
}

std::vector<Transcript> TranscriptPicker::picked() const {
  const std::size_t bad =
      std::min(bad_.size(), std::max(limit_ / 2, limit_ - std::min(limit_, good_.size())));
  const std::size_t good = std::min(good_.size(), limit_ - bad);
  std::vector<Transcript> out(good_.begin(), good_.begin() + static_cast<std::ptrdiff_t>(good));
  out.insert(out.end(), bad_.begin(), bad_.begin() + static_cast<std::ptrdiff_t>(bad));
  return out;
}

}  // namespace troupe
