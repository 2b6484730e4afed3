#include "rollout/pool/instance_link.h"

namespace troupe {

EngineLink::EngineLink(std::shared_ptr<RolloutEngine> engine, Wait open_wait, InstanceTraits traits)
    : engine_(std::move(engine)),
      sessions_(std::make_shared<Sessions>()),
      open_wait_(std::move(open_wait)),
      traits_(traits) {}

Async<void> EngineLink::answer(std::shared_ptr<RolloutEngine> engine,
                               std::shared_ptr<Sessions> sessions, Wait open_wait,
                               InstanceRequest request, Reply reply) {
  std::shared_ptr<Session> session = (*sessions)[request.session];
  if (!session) {
    auto opened = co_await engine->open(request.max_context, open_wait);
    if (!opened) {
      reply(tl::unexpected(opened.error()));
      co_return;
    }
    session = std::move(*opened);
    const auto place = sessions->find(request.session);
    if (place == sessions->end()) {  // released meanwhile: whoever asked does not wait any more
      reply(fail(ErrorCode::kCancelled, "the session was released"));
      co_return;
    }
    place->second = session;
  }
  reply(co_await engine->generate(std::move(session), std::move(request.generate)));
}

void EngineLink::generate(InstanceRequest request, Reply reply) {
  spawn(answer(engine_, sessions_, open_wait_, std::move(request), std::move(reply)));
}

void EngineLink::abort(std::uint64_t session) {
  const auto place = sessions_->find(session);
  if (place != sessions_->end() && place->second) engine_->abort(*place->second);
}

void EngineLink::release(std::uint64_t session) { sessions_->erase(session); }

Status EngineLink::load(Version version, std::shared_ptr<const Decoder> decoder,
                        InFlight in_flight) {
  return engine_->load(version, std::move(decoder), in_flight);
}

}  // namespace troupe
