#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/other_load.h"
#include "store/resident.h"
#include "store/rounds.h"

namespace troupe::bench {

/// What the figures were taken on.
struct Place {
  std::string file_system;
  int rounds = 0;
};

/// Prints a table, or JSON. A progress line on a terminal's stderr meanwhile.
class Report {
 public:
  explicit Report(bool json);
  ~Report();
  void progress(const std::string& text) const;
  void finish(const Place& place, const std::vector<Row>& rows,
              const std::optional<Resident>& resident) const;

 private:
  void print_table(const Place& place, const std::vector<Row>& rows,
                   const std::optional<Resident>& resident) const;
  void print_json(const Place& place, const std::vector<Row>& rows,
                  const std::optional<Resident>& resident) const;
  void clear_progress() const;

  bool json_;
  bool terminal_;
  OtherLoad others_;
};

}  // namespace troupe::bench
