#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "experience/inspect/inspect.h"
#include "simulate/workload/workload_files.h"

namespace troupe {
namespace {

using Rows = std::vector<std::pair<std::uint16_t, Row>>;
using EpisodeKey = std::pair<GroupKey, std::int32_t>;

/// The rows of a journal's episodes; what the responses are is read later.
struct Journal {
  JournalScan scan;
  std::vector<std::string> policies;
  std::map<EpisodeKey, Rows> episodes;
};

Result<Journal> read_rows(Disk& disk, const std::string& folder, const RecordedSteps& steps) {
  Journal out;
  const auto visit = [&](const Frame& frame) -> Status {
    if (frame.type < kFirstStoreRecord) return {};  // where a snapshot begins and ends
    TROUPE_ASSIGN(StoreRecord record, decode(frame));
    if (const auto* tables = std::get_if<TablesRecord>(&record)) out.policies = tables->policies;
    auto* rows = std::get_if<RowsRecord>(&record);
    if (rows == nullptr || rows->key.step < steps.from || rows->key.step >= steps.to) return {};
    out.episodes[{rows->key, rows->member}] = std::move(rows->rows);
    if (static_cast<std::int64_t>(out.episodes.size()) > steps.most) {
      out.episodes.erase(out.episodes.begin());
    }
    return {};
  };
  TROUPE_ASSIGN(out.scan, scan_journal(disk, folder, ScanFrom::kFirstSegment, visit));
  return out;
}

/// One agent's turns in one context.
std::vector<ChainTurn> turns_of(const Trajectory& row, int policy, int speaker) {
  std::vector<ChainTurn> out;
  std::int64_t fed = 0;
  bool answering = false;
  for (const Segment& segment : row.segments) {
    const auto tokens = static_cast<int>(segment.tokens.size());
    if (!segment.sampled) {
      fed += tokens;
      answering = false;
    } else if (answering) {
      out.back().answer += tokens;  // went on under new weights
    } else if (tokens > 0) {
      ChainTurn turn;
      turn.policy = policy;
      turn.speaker = speaker;
      turn.fed = static_cast<int>(std::max<std::int64_t>(fed, 1));
      turn.answer = tokens;
      out.push_back(turn);
      fed = 0;
      answering = true;
    }
  }
  return out;
}

class Episodes {
 public:
  explicit Episodes(const ResponseReader& responses) : responses_(responses) {}

  /// Leaves out what was only referred to and is gone.
  Status add(const EpisodeKey& key, const Rows& rows) {
    std::vector<std::vector<ChainTurn>> spoken;
    for (const auto& [policy, row] : rows) {
      if (!row.replay_of.empty()) continue;
      const Result<Trajectory> trajectory = responses_.read(row);
      if (!trajectory && trajectory.error().code == ErrorCode::kNotFound) return {};
      if (!trajectory) return tl::unexpected(trajectory.error());
      const int speaker = speaker_of(policy, row.agent, row.context);
      spoken.push_back(turns_of(*trajectory, policy, speaker));
    }
    Chain chain;
    chain.shared_text = false;
    for (std::size_t t = 0, left = 1; left > 0; ++t) {
      left = 0;
      for (const auto& turns : spoken) {
        if (t < turns.size()) chain.turns.push_back(turns[t]);
        if (t + 1 < turns.size()) ++left;
      }
    }
    if (chain.turns.empty()) return {};
    measure(chain);
    tasks_[key.first].push_back(std::move(chain));
    return {};
  }

  RecordedEpisodes take(std::vector<std::string> policies) {
    out_.policies = std::move(policies);
    for (std::size_t p = 0; p < out_.policies.size(); ++p) {
      out_.speakers.push_back(
          std::max(1, static_cast<int>(speakers_[static_cast<std::uint16_t>(p)].size())));
    }
    for (auto& [key, chains] : tasks_) out_.tasks.push_back(std::move(chains));
    return std::move(out_);
  }

 private:
  int speaker_of(std::uint16_t policy, const std::string& agent, int context) {
    auto& known = speakers_[policy];
    const int next = static_cast<int>(known.size());
    return known.emplace(std::pair(agent, context), next).first->second;
  }
  void measure(const Chain& chain) {
    ++out_.episodes;
    out_.turns = std::max(out_.turns, static_cast<std::int64_t>(chain.turns.size()));
    walk(chain, [this](const ChainTurn& turn, std::int64_t context, std::int64_t) {
      out_.answer = std::max<std::int64_t>(out_.answer, turn.answer);
      out_.context = std::max(out_.context, context + turn.answer);
    });
  }

  const ResponseReader& responses_;
  std::map<std::uint16_t, std::map<std::pair<std::string, int>, int>> speakers_;
  std::map<GroupKey, std::vector<Chain>> tasks_;
  RecordedEpisodes out_;
};

}  // namespace

Result<RecordedEpisodes> read_recorded_episodes(Disk& disk, const std::string& run,
                                                const RecordedSteps& steps) {
  TROUPE_ASSIGN(const ExperienceFolder folder, find_experience(disk, run));
  return read_while_it_runs([&]() -> Result<RecordedEpisodes> {
    TROUPE_ASSIGN(Journal journal, read_rows(disk, folder.journal, steps));
    ResponseReader responses(disk);
    TROUPE_TRY(responses.open(journal.scan.segments));
    Episodes episodes(responses);
    for (const auto& [key, rows] : journal.episodes) TROUPE_TRY(episodes.add(key, rows));
    RecordedEpisodes out = episodes.take(std::move(journal.policies));
    if (out.episodes > 0) return out;
    return fail(ErrorCode::kInvalid,
                fmt::format("{}: its journal holds no episode of these steps; a run with "
                            "experience.store = \"memory\" records none",
                            run));
  });
}

}  // namespace troupe
