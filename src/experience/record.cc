#include "experience/record.h"

#include <fmt/format.h>

#include <type_traits>

namespace troupe {
namespace {

/// Writes fields one after the other.
class Put {
 public:
  explicit Put(ByteWriter& out) : out_(out), begin_(out.size()) {}

  template <class... T>
  void operator()(T&... fields) {
    (one(fields), ...);
  }

  void one(bool& value) { out_.number(static_cast<std::uint8_t>(value)); }
  void one(std::string& text) { out_.text(text); }
  template <class T>
  std::enable_if_t<std::is_arithmetic_v<T>> one(T& value) {
    out_.number(value);
  }
  template <class T>
  std::enable_if_t<std::is_enum_v<T>> one(T& value) {
    out_.number(static_cast<std::uint8_t>(value));
  }
  template <class T>
  void one(std::vector<T>& values) {
    out_.number(static_cast<std::uint32_t>(values.size()));
    for (T& value : values) one(value);
  }
  template <class A, class B>
  void one(std::pair<A, B>& both) {
    (*this)(both.first, both.second);
  }
  void one(GroupKey& key) { (*this)(key.step, key.index); }
  void one(Version& version) { (*this)(version.incarnation, version.number); }
  void one(Blob& blob) {
    const bool whole = blob.lsn == 0;
    out_.number(static_cast<std::uint8_t>(whole)).number(blob.size).number(blob.checksum);
    if (!whole) {
      out_.number(blob.lsn);
      return;
    }
    blob.lsn = out_.size() - begin_;
    out_.raw(blob.bytes->data(), blob.bytes->size());
  }

 private:
  ByteWriter& out_;
  std::size_t begin_;
};

/// Reads what Put wrote.
class Get {
 public:
  explicit Get(const Frame& frame) : in_(frame.payload), lsn_(frame.payload_lsn()) {}

  template <class... T>
  void operator()(T&... fields) {
    (one(fields), ...);
  }
  [[nodiscard]] bool complete() const { return known_ && in_.ok() && in_.left() == 0; }

  void one(bool& value) { value = in_.number<std::uint8_t>() != 0; }
  void one(std::string& text) { text = in_.text(); }
  template <class T>
  std::enable_if_t<std::is_arithmetic_v<T>> one(T& value) {
    value = in_.number<T>();
  }
  template <class T>
  std::enable_if_t<std::is_enum_v<T>> one(T& value) {
    const auto number = in_.number<std::uint8_t>();
    known_ = known_ && number < kinds(T());
    value = static_cast<T>(number);
  }
  template <class T>
  void one(std::vector<T>& values) {
    const auto count = in_.number<std::uint32_t>();
    for (std::uint32_t i = 0; i < count && in_.ok() && in_.left() > 0; ++i) {
      one(values.emplace_back());
    }
  }
  template <class A, class B>
  void one(std::pair<A, B>& both) {
    (*this)(both.first, both.second);
  }
  void one(GroupKey& key) { (*this)(key.step, key.index); }
  void one(Version& version) { (*this)(version.incarnation, version.number); }
  void one(Blob& blob) {
    const bool whole = in_.number<std::uint8_t>() != 0;
    blob.size = in_.number<std::uint32_t>();
    blob.checksum = in_.number<std::uint64_t>();
    if (!whole) {
      blob.lsn = in_.number<Lsn>();
      return;
    }
    blob.lsn = lsn_ + in_.at();
    in_.raw(blob.size);
  }

 private:
  static constexpr std::size_t kinds(GroupState) { return kGroupStates; }
  static constexpr std::size_t kinds(Column) { return kColumns; }
  static constexpr std::size_t kinds(ColumnStatus) { return 3; }

  ByteReader in_;
  Lsn lsn_;
  bool known_ = true;  ///< every state, column and status so far
};

// The fields of each record, in the order in which they lie in the file.
template <class A>
void fields(A& a, TablesRecord& r) {
  a(r.policies, r.run);
}
template <class A>
void fields(A& a, ReserveRecord& r) {
  a(r.key, r.place, r.task, r.bytes, r.versions);
}
template <class A>
void fields(A& a, StartRecord& r) {
  a(r.key);
}
template <class A>
void fields(A& a, RowsRecord& r) {
  a(r.key, r.member);
  auto count = static_cast<std::uint32_t>(r.rows.size());
  a(count);
  if constexpr (std::is_same_v<A, Get>) r.rows.resize(std::min<std::uint32_t>(count, 1U << 16));
  for (auto& [policy, row] : r.rows) {
    a(policy, row.sample_id, row.agent, row.replay_of, row.member, row.context);
    a(row.first, row.last, row.oldest);
    for (ColumnStatus& status : row.status) a(status);
    for (double& number : row.numbers) a(number);
    a(row.response);
  }
}
template <class A>
void fields(A& a, ColumnRecord& r) {
  a(r.key, r.policy, r.column, r.first, r.values);
}
template <class A>
void fields(A& a, CloseRecord& r) {
  a(r.key);
}
template <class A>
void fields(A& a, EndRecord& r) {
  a(r.key, r.state, r.reason);
}
template <class A>
void fields(A& a, TakeRecord& r) {
  a(r.policy, r.step, r.keys);
}
template <class A>
void fields(A& a, CoverRecord& r) {
  a(r.policy, r.step, r.version, r.skipped, r.reason);
}
template <class A>
void fields(A& a, RetireRecord& r) {
  a(r.steps);
}
template <class A>
void fields(A& a, RestartRecord& r) {
  a(r.incarnation, r.steps, r.place, r.versions);
}
template <class A>
void fields(A& a, ConsumerRecord& r) {
  a(r.name, r.position);
}
template <class A>
void fields(A& a, CountersRecord& r) {
  a(r.policy, r.entered, r.reasons, r.forks, r.arrivals, r.version, r.steps, r.used, r.used_digest);
}
template <class A>
void fields(A& a, CursorRecord& r) {
  a(r.incarnation, r.place, r.retired_steps);
}
template <class A>
void fields(A& a, StateRecord& r) {
  a(r.key, r.policy, r.state, r.place, r.task, r.bytes, r.version, r.members, r.closed, r.arrival,
    r.ready_at, r.step, r.reason);
}
template <class A>
void fields(A& a, BatchRecord& r) {
  a(r.policy, r.step, r.again, r.keys);
}

template <std::size_t... I>
bool emplace(StoreRecord& out, std::size_t index, std::index_sequence<I...>) {
  return ((index == I && (out.emplace<I>(), true)) || ...);
}

}  // namespace

std::uint8_t record_type(const StoreRecord& record) {
  return static_cast<std::uint8_t>(kFirstStoreRecord + record.index());
}

const char* record_name(std::uint8_t type) {
  constexpr std::array<const char*, std::variant_size_v<StoreRecord>> kNames = {
      "tables", "reserve", "start",   "rows",     "column",   "close",  "end",   "take",
      "cover",  "retire",  "restart", "consumer", "counters", "cursor", "state", "batch"};
  const std::size_t index = static_cast<std::size_t>(type) - kFirstStoreRecord;
  return index < kNames.size() ? kNames[index] : "?";
}

const char* record_name(const StoreRecord& record) { return record_name(record_type(record)); }

void encode(ByteWriter& out, StoreRecord& record) {
  Put put(out);
  std::visit([&put](auto& r) { fields(put, r); }, record);
}

Result<StoreRecord> decode(const Frame& frame) {
  StoreRecord out;
  const auto count = std::make_index_sequence<std::variant_size_v<StoreRecord>>();
  Get get(frame);
  if (frame.type >= kFirstStoreRecord && emplace(out, frame.type - kFirstStoreRecord, count)) {
    std::visit([&get](auto& r) { fields(get, r); }, out);
    if (get.complete()) return out;
  }
  return fail(
      ErrorCode::kInvalid,
      fmt::format("the journal's record at {} (type {}) is none that this version of Troupe "
                  "knows",
                  frame.lsn, frame.type));
}

}  // namespace troupe
