#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "base/disk.h"
#include "cli/commands.h"
#include "model/checkpoint_files.h"

namespace troupe {
namespace {

struct ConvertArguments {
  std::string from;
  std::string to;
  std::string dtype = "fp32";
  std::string adapter;
  std::uint64_t shard_bytes = WeightFormat().shard_bytes;
};

Status convert(const ConvertArguments& arguments) {
  WeightFormat format;
  TROUPE_ASSIGN(format.dtype, parse_dtype(arguments.dtype));
  format.shard_bytes = arguments.shard_bytes;
  const auto disk = make_posix_disk();
  TROUPE_ASSIGN(const ModelConfig config, convert_model_folder(*disk, arguments.from, arguments.to,
                                                               format, arguments.adapter));
  fmt::print("{}: {} parameters in {}\n", arguments.to, config.parameters(), arguments.dtype);
  return {};
}

}  // namespace

void add_convert(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<ConvertArguments>();
  CLI::App* command =
      app.add_subcommand("convert", "Check a model folder and write it in another number format");
  command->add_option("FOLDER", arguments->from, "A model folder in Hugging Face's layout")
      ->required();
  command->add_option("OUT", arguments->to, "New folder; an existing one must be empty")
      ->required();
  command->add_option("--dtype", arguments->dtype, "fp32, or bf16: weights are rounded to nearest")
      ->capture_default_str();
  command->add_option("--adapter", arguments->adapter,
                      "Folder of a LoRA adapter on this model, to be merged into it");
  command
      ->add_option("--shard-bytes", arguments->shard_bytes,
                   "Most bytes of tensors in one file; more are split into shards")
      ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 60))
      ->capture_default_str();
  command->callback([arguments, &exit_code] {
    const Status status = convert(*arguments);
    exit_code = status ? 0 : report_error(status.error());
  });
}

}  // namespace troupe
