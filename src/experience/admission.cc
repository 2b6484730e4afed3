#include "experience/admission.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace troupe {
namespace {

std::int64_t consumed(const AdmissionSettings& settings, const AdmissionCounts& counts) {
  return std::max(counts.consumed, counts.steps * settings.batch);
}

}  // namespace

std::int64_t groups_ahead(const AdmissionSettings& settings) {
  // 0.29 * 100 is 28.999..., and 29 groups are meant.
  return static_cast<std::int64_t>(
      std::floor(settings.staleness * static_cast<double>(settings.batch) + 1e-9));
}

std::int64_t staleness_bound(const AdmissionSettings& settings) {
  return (groups_ahead(settings) + settings.batch - 1) / settings.batch;
}

std::int64_t admission_capacity(const AdmissionSettings& settings, std::int64_t v) {
  return (v + 1) * settings.batch + groups_ahead(settings);
}

std::int64_t first_version(const AdmissionSettings& settings, std::int64_t n) {
  return std::max<std::int64_t>(0, n - groups_ahead(settings)) / settings.batch;
}

Status validate(const AdmissionSettings& settings) {
  if (settings.batch < 1) {
    return fail(ErrorCode::kInvalid,
                fmt::format("a step of {} groups: it needs at least 1", settings.batch));
  }
  if (!(settings.staleness >= 0 && settings.staleness <= 1000)) {
    return fail(
        ErrorCode::kInvalid,
        fmt::format("staleness {}: give a number of versions from 0 to 1000", settings.staleness));
  }
  const std::int64_t ahead = groups_ahead(settings);
  const auto whole = static_cast<std::int64_t>(settings.staleness);
  if (settings.staleness > static_cast<double>(whole) && ahead == whole * settings.batch) {
    return fail(
        ErrorCode::kInvalid,
        fmt::format(
            "staleness {} of steps of {} groups lets in no more than {} does: give {:.4g} or "
            "more, or {}",
            settings.staleness, settings.batch, whole,
            static_cast<double>(whole) + 1.0 / static_cast<double>(settings.batch), whole));
  }
  const RateBand& band = settings.band;
  if (!(band.samples_per_insert > 0) || std::isinf(band.samples_per_insert)) {
    return fail(ErrorCode::kInvalid, fmt::format("samples per insert {}: give a number above 0",
                                                 band.samples_per_insert));
  }
  // Where the last group of a step is taken, ahead + 1 groups are left (admission_test.cc).
  if (band.min_size < 1 || band.min_size > ahead + 1) {
    return fail(
        ErrorCode::kInvalid,
        fmt::format("a smallest size of {} groups: staleness {} with steps of {} leaves {} at the "
                    "end of a step, so it must be from 1 to {}",
                    band.min_size, settings.staleness, settings.batch, ahead + 1, ahead + 1));
  }
  if (!(band.max_diff - band.min_diff >= band.samples_per_insert + 1)) {
    return fail(ErrorCode::kInvalid,
                fmt::format("a band from {} to {} at {} samples per insert would stop inserts and "
                            "samples both: make it at least {} wide",
                            band.min_diff, band.max_diff, band.samples_per_insert,
                            band.samples_per_insert + 1));
  }
  if (band.samples_per_insert == 1 && band.min_diff > static_cast<double>(ahead)) {
    return fail(
        ErrorCode::kInvalid,
        fmt::format("a band from {}: staleness {} with steps of {} leaves {} groups behind the "
                    "last one that a step takes, so it must begin at {} or less",
                    band.min_diff, settings.staleness, settings.batch, ahead, ahead));
  }
  return {};
}

LaunchRoom launch_room(const AdmissionSettings& settings, const AdmissionCounts& counts) {
  const std::int64_t used = consumed(settings, counts);
  LaunchRoom room;
  room.limit = "staleness";
  room.groups = std::max<std::int64_t>(
      0, admission_capacity(settings, counts.steps) - used - counts.outstanding());
  const BandCounts band{used + counts.outstanding(), used + counts.replayed, used};
  while (room.groups > 0 && !can_insert(settings.band, band, room.groups)) {
    room.limit = "rate band";
    --room.groups;
  }
  return room;
}

bool band_allows_take(const AdmissionSettings& settings, const AdmissionCounts& counts,
                      std::int64_t n) {
  const std::int64_t used = consumed(settings, counts);
  return can_sample(settings.band, {used + counts.ready, used + counts.replayed, used}, n);
}

}  // namespace troupe
