#pragma once

#include "environment/dataset/grader.h"
#include "environment/services.h"
#include "troupe/environment.h"

namespace troupe {

struct DatasetTable;

/// Tasks from the user's JSONL file (layouts: rows.h). One turn, one agent "solver".
///
/// Prompt: the row through `template` (prompt_template.h). Reward: 1 if the answer is right, else
/// 0; the verifier countdown gives the partial rewards of the countdown environment, and
/// `reward_command` whatever the user's program says (grader.h). Success: right.
/// Splits: rows whose key hashes into `held_out_share`, so that equal questions stay together, or
/// the rows of `held_out_path`. Each split has a fixed shuffled order; ids name the row's line.
/// Teacher: the final answer, or for countdown a solution from the exhaustive search (at most 5
/// numbers); with noise another training row's answer, or a random expression.
class DatasetSpec : public EnvironmentSpec {
 public:
  explicit DatasetSpec(EnvironmentServices services) : services_(services) {}
  std::string name() const override { return "dataset"; }
  std::string summary() const override { return "rows of a JSONL file (1 turn, 1 agent)"; }
  std::string optimum() const override;
  std::optional<double> best_reward() const override;
  void declare(OptionSet& options) override;
  Status prepare() override;
  std::vector<std::string> agents() const override { return {"solver"}; }
  std::string alphabet() const override;
  std::optional<std::uint64_t> size(Split split) const override;
  Result<Task> task(Split split, std::uint64_t index) const override;
  std::unique_ptr<Environment> make() const override;
  int max_answer() const override;
  int max_turns() const override { return 1; }
  std::pair<double, double> reward_range() const override;
  bool may_block() const override;

 private:
  Status check_options() const;
  Status split_rows(Rows rows);
  Status read_held_out();

  EnvironmentServices services_;
  std::string path_;
  std::string held_out_path_;
  double held_out_share_ = 0.1;
  std::string template_;
  std::int64_t max_answer_ = 0;
  GraderOptions grading_;
  std::shared_ptr<DatasetTable> table_;  ///< set by prepare(), constant afterwards
};

}  // namespace troupe
