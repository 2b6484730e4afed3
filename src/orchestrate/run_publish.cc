#include "orchestrate/run.h"

// What a run publishes of its versions: docs/versions.md.

namespace troupe {

/// Before the experience, whose new incarnation must be one that no published version has.
Async<Status> Run::open_publications(bool fresh) {
  if (!s_.options.versions.publish) co_return Status();
  Publications::Setting setting{s_.executor, s_.disk, s_.options.versions, s_.folder + "/versions"};
  setting.disk_limit = disk_wait("").limit;
  setting.note = [this](const std::string& text) { s_.observer.on_note(text); };
  publications_ = std::make_unique<Publications>(std::move(setting));
  std::vector<std::string> policies;
  for (const auto& policy : team_->policies()) policies.push_back(policy->options->name);
  Status opened = co_await publications_->open(std::move(policies), fresh);
  co_return opened;
}

/// The versions that the run begins or goes on with.
Async<Status> Run::publish_first() {
  if (!publications_) co_return Status();
  for (std::size_t i = 0; i < team_->policies().size(); ++i) {
    Status begun = co_await publish_next(static_cast<int>(i));
    if (!begun) co_return begun;
  }
  co_return Status();
}

/// The version that a policy is at.
Async<Status> Run::publish_next(int policy) {
  const auto i = static_cast<std::size_t>(policy);
  const PolicyRuntime& runtime = *team_->policies()[i];
  Status begun = co_await publications_->begin(
      i, runtime.trainer->version(), runtime.trainer->weights(), policy_dtype(*runtime.options));
  co_return begun;
}

}  // namespace troupe
