#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "troupe/result.h"

namespace troupe {

class Disk;
class OptionSet;

/// The run file: TOML text, plus assignments from the command line, bound to the options that the
/// rooms declare. The order of use:
///
///   parse or load; set for each --set; tables and text to learn which options there are;
///   bind each OptionSet; finish; resolved.
///
/// Every error is kInvalid, one line, and names the file with the line (or "--set"), the key and
/// the remedy. Keys are full and dotted; a part that is not a bare TOML key stays quoted in them.
/// The variables of bound options must live until the last call of resolved(). Not thread-safe.
class RunFile {
 public:
  /// `path` is only used in messages.
  static Result<RunFile> parse(std::string_view text, const std::string& path);
  static Result<RunFile> load(Disk& disk, const std::string& path);

  RunFile(RunFile&& other) noexcept;
  RunFile& operator=(RunFile&& other) noexcept;
  ~RunFile();

  /// "key=value": overrides the file. The value is TOML; what is not TOML is text, so quotes may be
  /// left out. Bound to a text option, any single value is taken as the text that was written.
  Status set(std::string_view assignment);

  /// Names of the tables directly in table `prefix` ("" is the whole file), in file order. A name
  /// that is not a bare key is quoted, so that prefix + "." + name is always a key.
  [[nodiscard]] std::vector<std::string> tables(const std::string& prefix) const;
  /// A single value as text, before any binding. Nothing if absent, a table or a list.
  [[nodiscard]] std::optional<std::string> text(const std::string& key) const;

  /// Gives the options that the run file mentions their values, checked for type, range and
  /// choices; the others keep their defaults. At an error, options before the wrong one are already
  /// set. A number must be finite, unless the option's default is infinite.
  Status bind(OptionSet& options);

  /// Call after the last bind: a key or table that no option claimed is an error.
  Status finish();

  /// The complete run file: every bound option with its value now and its meaning as a comment.
  /// Parsing and binding it gives the same values again.
  [[nodiscard]] std::string resolved() const;

 private:
  struct State;
  explicit RunFile(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace troupe
