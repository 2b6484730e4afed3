// SQLite in WAL mode: prepared inserts into one table with an index by group. A checkpoint once a
// second is what makes samples durable under synchronous=NORMAL: it syncs the log, copies it into
// the database and syncs that (sqlite.org/pragma.html#pragma_synchronous, sqlite.org/wal.html). Of
// the page sizes from 4 to 64 KiB the largest was the fastest for both sizes of samples.
#include <fmt/format.h>
#include <sqlite3.h>

#include "base/interrupt.h"
#include "store/contender.h"

namespace troupe::bench {
namespace {

class Database {
 public:
  Database() = default;
  ~Database() {
    for (sqlite3_stmt* statement : statements_) sqlite3_finalize(statement);
    sqlite3_close(handle_);
  }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Status open(const std::string& path) {
    return check(sqlite3_open_v2(path.c_str(), &handle_,
                                 SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                                 nullptr));
  }
  Status run(const char* sql) {
    return check(sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr));
  }
  Result<sqlite3_stmt*> prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    TROUPE_TRY(check(
        sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr)));
    statements_.push_back(statement);
    return statement;
  }
  /// Steps through a statement that gives no rows.
  Status step(sqlite3_stmt* statement) {
    sqlite3_step(statement);
    return check(sqlite3_reset(statement));
  }
  Status check(int code) {
    if (code == SQLITE_OK) return {};
    return fail(ErrorCode::kIo, fmt::format("sqlite: {}", sqlite3_errmsg(handle_)));
  }

 private:
  sqlite3* handle_ = nullptr;
  std::vector<sqlite3_stmt*> statements_;
};

class Sqlite final : public Contender {
 public:
  /// A transaction holds so many samples; 0: those of a second.
  Sqlite(std::string folder, std::int64_t commit_every)
      : folder_(std::move(folder)), commit_every_(commit_every) {}

  Status open() {
    TROUPE_TRY(db_.open(folder_ + "/samples.sqlite"));
    for (const char* sql :
         {"PRAGMA page_size = 65536", "PRAGMA journal_mode = WAL", "PRAGMA synchronous = NORMAL",
          "PRAGMA wal_autocheckpoint = 0", "PRAGMA cache_size = -65536",
          "CREATE TABLE samples (id INTEGER PRIMARY KEY, grp INTEGER NOT NULL, data BLOB NOT NULL)",
          "CREATE INDEX by_group ON samples (grp)",
          "CREATE TABLE groups (grp INTEGER PRIMARY KEY, taken INTEGER NOT NULL)"}) {
      TROUPE_TRY(db_.run(sql));
    }
    return {};
  }

  Result<Appended> append(const Workload& load) override {
    const SampleBytes samples(load.sample_bytes);
    TROUPE_ASSIGN(auto* sample, db_.prepare("INSERT INTO samples VALUES (?, ?, ?)"));
    TROUPE_ASSIGN(auto* group, db_.prepare("INSERT INTO groups VALUES (?, 0)"));
    const double start = now();
    Appended out;
    SyncTimer timer;
    TROUPE_TRY(db_.run("BEGIN"));
    while (out.samples < load.samples && now() - start < load.seconds && !interrupted()) {
      const std::int64_t i = out.samples++;
      if (i % load.group == 0) {
        sqlite3_bind_int64(group, 1, i / load.group);
        TROUPE_TRY(db_.step(group));
      }
      const std::string_view data = samples[i];
      sqlite3_bind_int64(sample, 1, i);
      sqlite3_bind_int64(sample, 2, i / load.group);
      sqlite3_bind_blob(sample, 3, data.data(), static_cast<int>(data.size()), SQLITE_STATIC);
      TROUPE_TRY(db_.step(sample));
      const bool sync = timer.due();
      if (!sync && (commit_every_ == 0 || out.samples % commit_every_ != 0)) continue;
      TROUPE_TRY(db_.run("COMMIT"));
      if (sync) TROUPE_TRY(db_.run(kCheckpoint));
      TROUPE_TRY(db_.run("BEGIN"));
    }
    TROUPE_TRY(db_.run("COMMIT"));
    TROUPE_TRY(db_.run(kCheckpoint));
    out.seconds = now() - start;
    out.disk_bytes = bytes_below(folder_);
    return out;
  }

  Result<Taken> take(const Workload& load) override {
    TROUPE_ASSIGN(auto* next, db_.prepare("SELECT grp FROM groups WHERE grp >= ? AND taken = 0 "
                                          "ORDER BY grp LIMIT 1"));
    TROUPE_ASSIGN(auto* mark, db_.prepare("UPDATE groups SET taken = 1 WHERE grp = ?"));
    TROUPE_ASSIGN(auto* rows, db_.prepare("SELECT id, data FROM samples WHERE grp = ?"));
    Taken out;
    std::string bytes;
    std::int64_t from = 0;  // where the last one was found, so that no taken ones are passed over
    SyncTimer timer;
    for (int i = 0; i < load.takes && !interrupted(); ++i) {
      const double start = now();
      TROUPE_TRY(db_.run("BEGIN"));
      sqlite3_bind_int64(next, 1, from);
      const bool more = sqlite3_step(next) == SQLITE_ROW;
      const std::int64_t group = more ? sqlite3_column_int64(next, 0) : 0;
      TROUPE_TRY(db_.check(sqlite3_reset(next)));
      sqlite3_bind_int64(rows, 1, group);
      int found = 0;
      for (; more && sqlite3_step(rows) == SQLITE_ROW; ++found) {
        bytes.assign(static_cast<const char*>(sqlite3_column_blob(rows, 1)),
                     static_cast<std::size_t>(sqlite3_column_bytes(rows, 1)));
      }
      TROUPE_TRY(db_.check(sqlite3_reset(rows)));
      sqlite3_bind_int64(mark, 1, group);
      if (more) TROUPE_TRY(db_.step(mark));
      TROUPE_TRY(db_.run("COMMIT"));
      if (!more) break;
      if (found == 0 || static_cast<std::int64_t>(bytes.size()) != load.sample_bytes) {
        return fail(ErrorCode::kInternal, "sqlite: not the samples that were inserted");
      }
      if (timer.due()) TROUPE_TRY(db_.run(kCheckpoint));
      out.seconds.push_back(now() - start);
      out.samples += found;
      from = group + 1;
    }
    return out;
  }

 private:
  static constexpr const char* kCheckpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
  std::string folder_;
  std::int64_t commit_every_;
  Database db_;
};

template <std::int64_t kCommitEvery>
Result<std::unique_ptr<Contender>> make(const std::string& folder) {
  auto sqlite = std::make_unique<Sqlite>(folder, kCommitEvery);
  TROUPE_TRY(sqlite->open());
  return sqlite;
}

}  // namespace

std::vector<Entry> sqlite_entries(std::int64_t sample_bytes) {
  const std::string lost = lost_at_power_cut();
  return {{"sqlite", "a transaction a second", lost, sample_bytes, 16, &make<0>, ""},
          {"sqlite", "a transaction per 64", lost, sample_bytes, 16, &make<64>, ""}};
}

}  // namespace troupe::bench
