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

/// The version that the run begins or goes on with, as one of the incarnation that begins with it:
/// whoever holds a version of a lost timeline gets a payload back to it.
Async<Status> Run::publish_first() {
  if (!publications_) co_return Status();
  for (std::size_t i = 0; i < team_->policies().size(); ++i) {
    const PolicyRuntime& policy = *team_->policies()[i];
    Version version = policy.trainer->version();
    const Timeline& timeline = store_->table(static_cast<int>(i)).timeline();
    version.incarnation = timeline.at(version.number + 1).incarnation;
    Status begun = co_await publications_->begin(i, version, policy.trainer->weights(),
                                                 policy_dtype(*policy.options));
    if (!begun) co_return begun;
  }
  co_return Status();
}

/// The version that a policy's step has just made.
Async<Status> Run::publish_next(int policy) {
  const auto i = static_cast<std::size_t>(policy);
  const PolicyRuntime& runtime = *team_->policies()[i];
  Status begun = co_await publications_->begin(
      i, runtime.trainer->version(), runtime.trainer->weights(), policy_dtype(*runtime.options));
  co_return begun;
}

}  // namespace troupe
