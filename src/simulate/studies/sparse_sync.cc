#include "simulate/studies/sparse_sync.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "simulate/studies/our_weights.h"
#include "simulate/studies/sparse_sync_ranges.h"
#include "simulate/studies/study_frame.h"

namespace troupe {
namespace {

constexpr std::int64_t kNode = 8;
constexpr const char* kSyncSeconds = "seconds of a weight sync";

constexpr const char* kProjection =
    "the paper's projection of deltas is 4.7 times the 106B's, as if all of its parts grew; here "
    "only the bytes do";

const std::vector<SparseSyncSetting> kSettings = {
    {"106B, InfiniBand", "glm-4.5-air", "infiniband", 128, 8, 2.97, 0.28, true,
     "what is left is mostly the drawn overhead, not bytes"},
    {"106B, TCP", "glm-4.5-air", "tcp", 128, 8, 45.59, 2.26, true, "the bytes decide"},
    {"106B, wide area", "glm-4.5-air", "wide_area", 128, 8, 0, 0, false, ""},
    {"671B, InfiniBand", "deepseek-v3", "infiniband", 512, 32, 18.80, 1.31, false, kProjection},
    {"671B, TCP", "deepseek-v3", "tcp", 512, 32, 288.6, 10.54, false, kProjection},
};

enum class Payload { kWhole, kRaw, kPacked, kOurs, kOursOnDevices };
struct Schedule {
  const char* name;
  Payload payload;
  const char* plan;
  std::int64_t fan_out;
  bool chunks;  ///< passed on bucket by bucket, as NCCL does; else whole, as ours
  const char* mode;
  const char* router;
  const char* balancer;
  bool background;
  const char* remark;
};
constexpr const char* kWholeRow = "whole, broadcast";
constexpr const char* kRawRow = "raw deltas, broadcast";
constexpr const char* kDefault = "our default: our codec, tree of 2";
constexpr const char* kOverlap = "ours, overlap 1, in the background";
constexpr const char* kProposed = "proposed: our codec on the devices, broadcast";
constexpr Schedule kSchedules[] = {
    {kWholeRow, Payload::kWhole, "tree", 1, true, "barrier", "round_robin", "none", false, ""},
    {kRawRow, Payload::kRaw, "tree", 1, true, "barrier", "round_robin", "none", false, ""},
    {"packed deltas, broadcast", Payload::kPacked, "tree", 1, true, "barrier", "round_robin",
     "none", false, ""},
    {"our codec, broadcast", Payload::kOurs, "tree", 1, true, "barrier", "round_robin", "none",
     false, ""},
    {"whole, star", Payload::kWhole, "star", 2, false, "barrier", "round_robin", "none", false, ""},
    {"whole, tree of 2", Payload::kWhole, "tree", 2, false, "barrier", "round_robin", "none", false,
     ""},
    {"our codec, star", Payload::kOurs, "star", 2, false, "barrier", "round_robin", "none", false,
     ""},
    {kDefault, Payload::kOurs, "tree", 2, false, "micro_batch", "least_work", "disparity", false,
     "our payload is a quarter of theirs; processors that make and apply it take longer than the "
     "bytes that it saves, but over a very slow link"},
    {kOverlap, Payload::kOurs, "tree", 2, false, "overlap", "least_work", "disparity", true,
     "the instances go on while payloads are made, sent and applied"},
    {kProposed, Payload::kOursOnDevices, "tree", 1, true, "barrier", "round_robin", "none", false,
     "what our codec would gain if devices made and applied payloads in no time, as those of the "
     "published rows do, and receivers passed on bucket by bucket"},
};

const Schedule& schedule_of(const std::string& row) {
  return *std::find_if(std::begin(kSchedules), std::end(kSchedules),
                       [&row](const Schedule& s) { return s.name == row; });
}

double payload_of(Payload payload, double changed) {
  if (payload == Payload::kRaw) return raw_payload(changed);
  if (payload == Payload::kPacked) return packed_payload(changed);
  return payload == Payload::kWhole ? 1 : our_payload(changed);
}

}  // namespace

double raw_payload(double changed) { return 3 * changed; }
double packed_payload(double changed) { return changed * (2 + 0.65 * 2) / 2; }

const std::vector<SparseSyncSetting>& sparse_sync_settings() { return kSettings; }

std::vector<std::string> sparse_sync_rows() {
  std::vector<std::string> out;
  for (const Schedule& schedule : kSchedules) out.emplace_back(schedule.name);
  return out;
}

SimulationOptions sparse_sync_options(const SparseSyncSetting& setting, const StudyDraw& draw,
                                      const std::string& row, std::int64_t steps) {
  const Schedule& schedule = schedule_of(row);
  SimulationOptions o;
  o.run.steps = steps;
  o.run.groups = 16;
  o.run.group_size = 8;
  o.cluster.device = "h100";
  o.cluster.devices = setting.devices;
  o.cluster.devices_per_node = std::max(kNode, setting.tensor_parallel);
  o.cluster.training_devices = setting.devices / 2;
  o.cluster.tensor_parallel = setting.tensor_parallel;
  o.cluster.training_tensor_parallel = kNode;
  o.team.agents = 1;
  o.team.models = {setting.model};
  o.workload.turns = o.workload.min_turns = 1;
  o.workload.prompt_tokens = 500;
  o.workload.answer_median = draw.at("answer_median");
  o.workload.answer_sigma = draw.at("answer_sigma");
  o.workload.answer_cap = 16'384;
  o.workload.max_context = 17'000;
  o.efficiency.bandwidth = draw.at("bandwidth");
  o.efficiency.training = draw.at("training");
  o.pipeline.mode.mode = schedule.mode;
  o.router.kind = schedule.router;
  o.balancer.kind = schedule.balancer;
  o.weights.plan = schedule.plan;
  o.weights.fan_out = schedule.fan_out;
  o.weights.link_gigabytes = draw.at(setting.link);
  if (schedule.chunks) o.weights.chunk_gigabytes = draw.at("chunk");
  o.weights.payload = payload_of(schedule.payload, draw.at("changed"));
  o.weights.overhead = draw.at("overhead");
  o.weights.background = schedule.background;
  if (schedule.payload == Payload::kOurs) {
    send_deltas(o.weights, draw.at("changed"), draw.at("cores") / static_cast<double>(kNode));
  }
  return o;
}

namespace {

/// The rows of one setting, draw by draw.
class SparseSyncTable {
 public:
  explicit SparseSyncTable(const SparseSyncSetting& setting, std::int64_t steps)
      : setting_(setting), steps_(steps) {
    for (const std::string& name : sparse_sync_rows()) {
      const double published = name == kWholeRow ? setting.whole
                               : name == kRawRow ? setting.deltas
                                                 : 0;
      sync_.push_back(StudyRow{title(), kSyncSeconds, name, {}, published});
      step_.push_back(StudyRow{title(), kStepSeconds, name, {}, 0});
    }
    bound_ = StudyRow{title(), kStepSeconds, "bound at staleness 0, weights in no time", {}, 0};
  }

  [[nodiscard]] std::string title() const {
    return fmt::format("{}, {} + {} H100", setting_.name, setting_.devices / 2,
                       setting_.devices / 2);
  }

  Status add(const StudyDraw& draw) {
    for (std::size_t r = 0; r < sync_.size(); ++r) {
      TROUPE_ASSIGN(const SimulationResult out,
                    simulate(sparse_sync_options(setting_, draw, sync_[r].schedule, steps_)));
      sync_[r].values.push_back(out.weight_sync);
      step_[r].values.push_back(out.step_seconds());
      if (r == 0) bound_.values.push_back(out.bound / static_cast<double>(steps_));
    }
    return {};
  }

  void give_to(Study& study) const {
    study.rows.insert(study.rows.end(), step_.begin(), step_.end());
    study.rows.push_back(bound_);
    study.rows.insert(study.rows.end(), sync_.begin(), sync_.end());
    const auto claim = [&](const std::vector<StudyRow>& rows, const std::string& slow,
                           const std::string& fast, double published, std::string remark) {
      const auto values = [&rows](const std::string& name) {
        return std::find_if(rows.begin(), rows.end(),
                            [&name](const StudyRow& row) { return row.schedule == name; })
            ->values;
      };
      study.claims.push_back(StudyClaim{
          fmt::format("{}: {} over {}, {}", setting_.name, fast, slow,
                      &rows == &sync_ ? "sync" : "step"),
          published, published, times_faster(values(slow), values(fast)), std::move(remark)});
    };
    claim(sync_, kWholeRow, kRawRow, setting_.deltas > 0 ? setting_.whole / setting_.deltas : 0,
          setting_.remark);
    claim(step_, kWholeRow, kRawRow, 0, "what a whole step gains by it");
    claim(sync_, kRawRow, kDefault, 0, schedule_of(kDefault).remark);
    claim(sync_, "our codec, star", kDefault, 0, "the plan alone");
    claim(sync_, kRawRow, kProposed, 0, schedule_of(kProposed).remark);
    claim(step_, kRawRow, kDefault, 0, "micro_batch and least_work too");
    claim(step_, kRawRow, kOverlap, 0, schedule_of(kOverlap).remark);
  }

 private:
  const SparseSyncSetting& setting_;
  std::int64_t steps_;
  std::vector<StudyRow> sync_, step_;
  StudyRow bound_;
};

/// Whether the whole sync takes the published seconds over the link of this setting.
Result<bool> matches(const SparseSyncSetting& setting, const StudyDraw& draw) {
  TROUPE_ASSIGN(const SimulationResult out,
                simulate(sparse_sync_options(setting, draw, kWholeRow, 1)));
  return std::abs(out.weight_sync / setting.whole - 1) <= kSparseSyncMatch;
}

}  // namespace

Result<Study> study_sparse_sync(const StudySize& size) {
  return study_sparse_sync(size, sparse_sync_settings());
}

Result<Study> study_sparse_sync(const StudySize& size,
                                const std::vector<SparseSyncSetting>& settings) {
  Study out;
  out.name = "sparse-sync";
  out.title = "weight syncs whole and as deltas, over fast, slow and very slow links";
  out.source = "SparseRL-Sync, arXiv 2605.07330";
  const StudyFrame frame(out, size, kSparseSyncRanges, 120, 4);
  std::vector<SparseSyncTable> tables;
  for (const SparseSyncSetting& setting : settings) tables.emplace_back(setting, frame.steps());
  std::map<std::string, int> kept;  // by link
  for (int i = 0; i < frame.draws(); ++i) {
    const StudyDraw draw = frame.draw(i);
    std::map<std::string, bool> fits;
    for (const SparseSyncSetting& setting : settings) {
      if (!setting.matched) continue;
      TROUPE_ASSIGN(fits[setting.link], matches(setting, draw));
    }
    // Nothing is published of a wide-area link: every eighth draw, about as many as others keep.
    fits["wide_area"] = i % 8 == 0;
    for (std::size_t s = 0; s < settings.size(); ++s) {
      if (!fits[settings[s].link]) continue;
      TROUPE_TRY(tables[s].add(draw));
    }
    for (const auto& [link, fit] : fits) {
      if (!fit) continue;
      ++kept[link];
      for (const auto& [name, value] : draw) out.parameters[link + " " + name].push_back(value);
    }
    frame.drawn(i);
  }
  for (const SparseSyncTable& table : tables) table.give_to(out);
  out.assumptions = {
      "a broadcast is a chain in which each instance passes on bucket by bucket, as NCCL's ring; a "
      "tree of ours passes on whole payloads; a link's GB/s are those of a whole broadcast",
      "the 671B is projected in the paper and here: 256 + 256 H100, instances of 32 devices, "
      "linked as one node; it has the draws of the 106B, none was kept for it",
      "places and values are made and applied on the devices in no time; ours on processors at the "
      "rates of bench/weights, by all cores of the training nodes and of an instance's nodes",
      "workload, by our choice: 16 tasks x 8 answers of at most 16,384 tokens"};
  for (const auto& [link, count] : kept) {
    out.assumptions.push_back(
        fmt::format("{}: {} of {} draws are kept", link, count, frame.draws()));
  }
  frame.close();
  return out;
}

}  // namespace troupe
