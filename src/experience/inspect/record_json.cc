#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "experience/inspect/record_text.h"

namespace troupe {
namespace {

using Json = nlohmann::ordered_json;

/// Text of any bytes; what is no UTF-8 is shown as U+FFFD.
std::string line(const Json& object) {
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json version_json(const Version& version) {
  return {{"incarnation", version.incarnation}, {"number", version.number}};
}

void put_key(Json& out, GroupKey key) {
  out["step"] = key.step;
  out["index"] = key.index;
}

Json keys_json(const std::vector<GroupKey>& keys) {
  Json out = Json::array();
  for (const GroupKey key : keys) out.push_back({key.step, key.index});
  return out;
}

Json row_json(const Row& row) {
  constexpr std::array<const char*, 3> kStatus = {"absent", "pending", "ready"};
  Json out;
  out["sample_id"] = row.sample_id;
  out["agent"] = row.agent;
  out["member"] = row.member;
  out["context"] = row.context;
  if (!row.replay_of.empty()) out["replay_of"] = row.replay_of;
  out["first_version"] = version_json(row.first);
  out["last_version"] = version_json(row.last);
  out["oldest_version"] = version_json(row.oldest);
  for (std::size_t c = 0; c < kColumns; ++c) {
    const auto column = static_cast<Column>(c);
    const auto status = static_cast<std::size_t>(row.status[c]);
    out["status"][to_string(column)] = status < kStatus.size() ? kStatus[status] : "?";
    if (column == Column::kResponse) continue;
    out[to_string(column)] =
        row.status[c] == ColumnStatus::kReady ? Json(row.numbers[c]) : Json(nullptr);
  }
  out["response"] = {{"lsn", row.response.lsn},
                     {"bytes", row.response.size},
                     {"checksum", fmt::format("{:016x}", row.response.checksum)}};
  return out;
}

/// Writes what a record says into an object.
struct Fill {
  Json& out;
  const std::vector<std::string>& policies;

  [[nodiscard]] Json policy(std::size_t index) const {
    return index < policies.size() ? Json(policies[index]) : Json(index);
  }
  void operator()(const TablesRecord& r) const {
    out["policies"] = r.policies;
    out["run"] = fmt::format("{:016x}", r.run);
  }
  void operator()(const ReserveRecord& r) const {
    put_key(out, r.key);
    out["place"] = r.place;
    out["task"] = r.task;
    out["bytes"] = r.bytes;
    out["versions"] = r.versions;
  }
  void operator()(const StartRecord& r) const { put_key(out, r.key); }
  void operator()(const RowsRecord& r) const {
    put_key(out, r.key);
    out["member"] = r.member;
    out["rows"] = Json::array();
    for (const auto& [index, row] : r.rows) {
      Json one;
      one["policy"] = policy(index);
      one.update(row_json(row));
      out["rows"].push_back(std::move(one));
    }
  }
  void operator()(const ColumnRecord& r) const {
    put_key(out, r.key);
    out["policy"] = policy(r.policy);
    out["column"] = to_string(r.column);
    out["first"] = r.first;
    out["values"] = r.values;
  }
  void operator()(const CloseRecord& r) const { put_key(out, r.key); }
  void operator()(const EndRecord& r) const {
    put_key(out, r.key);
    out["state"] = to_string(r.state);
    out["reason"] = r.reason;
  }
  void operator()(const TakeRecord& r) const {
    out["policy"] = policy(r.policy);
    out["for_step"] = r.step;
    out["groups"] = keys_json(r.keys);
  }
  void operator()(const CoverRecord& r) const {
    out["policy"] = policy(r.policy);
    out["for_step"] = r.step;
    out["version"] = r.version;
    out["skipped"] = r.skipped;
    out["reason"] = r.reason;
  }
  void operator()(const RetireRecord& r) const { out["steps"] = r.steps; }
  void operator()(const RestartRecord& r) const {
    out["incarnation"] = r.incarnation;
    out["steps"] = r.steps;
    out["place"] = r.place;
    out["versions"] = r.versions;
  }
  void operator()(const ConsumerRecord& r) const {
    out["name"] = r.name;
    out["position"] = r.position;
  }
  void operator()(const CountersRecord& r) const {
    out["policy"] = policy(r.policy);
    out["entered"] = r.entered;
    out["version"] = r.version;
    out["steps"] = r.steps;
    out["used"] = r.used;
    out["used_digest"] = fmt::format("{:016x}", r.used_digest);
  }
  void operator()(const CursorRecord& r) const {
    out["incarnation"] = r.incarnation;
    out["place"] = r.place;
    out["retired_steps"] = r.retired_steps;
  }
  void operator()(const StateRecord& r) const {
    put_key(out, r.key);
    out["policy"] = policy(r.policy);
    out["state"] = to_string(r.state);
    out["place"] = r.place;
    out["task"] = r.task;
    out["taken_for_step"] = r.step;
    out["reason"] = r.reason;
  }
  void operator()(const BatchRecord& r) const {
    out["policy"] = policy(r.policy);
    out["for_step"] = r.step;
    out["again"] = r.again;
    out["groups"] = keys_json(r.keys);
  }
};

Json segments_json(const Trajectory& trajectory) {
  Json out = Json::array();
  for (const Segment& segment : trajectory.segments) {
    Json one;
    one["sampled"] = segment.sampled;
    one["tokens"] = segment.tokens;
    if (segment.sampled) {
      one["logprobs"] = segment.logprobs;
      one["version"] = version_json(segment.version);
      one["reward"] = segment.reward;
    }
    out.push_back(std::move(one));
  }
  return out;
}

}  // namespace

std::string record_json(const StoreRecord& record, Lsn lsn,
                        const std::vector<std::string>& policies) {
  Json out;
  out["lsn"] = lsn;
  out["record"] = record_name(record);
  std::visit(Fill{out, policies}, record);
  return line(out);
}

Result<std::string> group_json(const std::string& policy, GroupKey key, const TableEntry& entry,
                               const ResponseReader* responses) {
  Json out;
  out["policy"] = policy;
  put_key(out, key);
  out["state"] = to_string(entry.state);
  out["place"] = entry.place;
  out["task"] = entry.task;
  out["version"] = entry.version;
  out["taken_for_step"] = entry.step < 0 ? Json(nullptr) : Json(entry.step);
  out["reason"] = entry.reason;
  out["members"] = entry.members;
  out["closed"] = entry.closed;
  out["rows"] = Json::array();
  for (const Row& row : entry.rows) {
    Json one = row_json(row);
    if (responses != nullptr) {
      const auto trajectory = responses->read(row);
      const bool gone = !trajectory && trajectory.error().code == ErrorCode::kNotFound;
      if (!trajectory && !gone) return tl::unexpected(trajectory.error());
      one["segments"] = gone ? Json(nullptr) : segments_json(*trajectory);
    }
    out["rows"].push_back(std::move(one));
  }
  return line(out);
}

}  // namespace troupe
