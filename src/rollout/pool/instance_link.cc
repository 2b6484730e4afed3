#include "rollout/pool/instance_link.h"

namespace troupe {

EngineLink::EngineLink(std::shared_ptr<RolloutEngine> engine, Wait open_wait, InstanceTraits traits)
    : inside_(std::make_shared<Inside>(Inside{std::move(engine), {}, std::move(open_wait)})),
      traits_(traits) {}

Async<void> EngineLink::answer(std::shared_ptr<Inside> inside, InstanceRequest request,
                               Reply reply) {
  std::shared_ptr<Session> session = inside->sessions[request.session];
  if (!session) {
    auto opened = co_await inside->engine->open(request.max_context, inside->open_wait);
    if (!opened) {
      reply(tl::unexpected(opened.error()));
      co_return;
    }
    session = std::move(*opened);
    const auto place = inside->sessions.find(request.session);
    if (place == inside->sessions.end()) {  // released meanwhile: nobody waits any more
      reply(fail(ErrorCode::kCancelled, "the session was released"));
      co_return;
    }
    place->second = session;
  }
  reply(co_await inside->engine->generate(std::move(session), std::move(request.generate)));
}

void EngineLink::generate(InstanceRequest request, Reply reply) {
  spawn(answer(inside_, std::move(request), std::move(reply)));
}

void EngineLink::abort(std::uint64_t session) {
  const auto place = inside_->sessions.find(session);
  if (place != inside_->sessions.end() && place->second) inside_->engine->abort(*place->second);
}

void EngineLink::release(std::uint64_t session) { inside_->sessions.erase(session); }

Status EngineLink::load(Version version, std::shared_ptr<const Decoder> decoder,
                        InFlight in_flight) {
  return inside_->engine->load(version, std::move(decoder), in_flight);
}

}  // namespace troupe
