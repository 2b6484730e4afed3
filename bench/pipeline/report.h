#pragma once

#include <string>
#include <vector>

#include "common/other_load.h"
#include "pipeline/rounds.h"

namespace troupe::bench {

/// Prints a table, or JSON. A progress line on a terminal's stderr meanwhile.
class Report {
 public:
  explicit Report(bool json);
  ~Report();
  void progress(const std::string& text) const;
  void finish(const Options& options, const std::vector<Row>& rows) const;

 private:
  void print_table(const Options& options, const std::vector<Row>& rows) const;
  void print_json(const Options& options, const std::vector<Row>& rows) const;
  void clear_progress() const;

  bool json_;
  bool terminal_;
  OtherLoad others_;
};

}  // namespace troupe::bench
