#include "simulate/soak/unsound_link.h"

#include <cmath>
#include <limits>
#include <utility>

namespace troupe {
namespace {

/// Something that no sound instance says, of one of several kinds.
const char* spoil(Generation& answer, LinkWorld& world) {
  switch (world.rng.below(7)) {
    case 0:
      if (answer.tokens.empty()) break;
      answer.tokens.back() = static_cast<TokenId>(1 << 20);
      return "a token outside the vocabulary";
    case 1:
      if (answer.tokens.empty()) break;
      answer.tokens.front() = -1;
      return "a negative token";
    case 2:
      answer.logprobs.push_back(-1.0F);
      return "a log-prob too many";
    case 3:
      if (answer.logprobs.empty()) break;
      answer.logprobs.front() = std::numeric_limits<float>::quiet_NaN();
      return "a log-prob that is no number";
    case 4:
      if (answer.logprobs.empty()) break;
      answer.logprobs.back() = -std::numeric_limits<float>::infinity();
      return "an infinite log-prob";
    case 5:
      answer.entropy_sum = std::numeric_limits<double>::quiet_NaN();
      return "an entropy that is no number";
    default:
      break;
  }
  ++answer.version.number;
  return "a version that it does not have";
}

}  // namespace

UnsoundLink::UnsoundLink(int instance, std::unique_ptr<InstanceLink> below,
                         std::shared_ptr<LinkWorld> world)
    : instance_(instance), below_(std::move(below)), world_(std::move(world)) {}

void UnsoundLink::note(const char* fault) const {
  ++world_->counts[std::string("instance: ") + fault];
  world_->log.say(world_->executor.now(), fmt::format("fault: instance {}: {}", instance_, fault));
}

bool UnsoundLink::cut_off() const {
  const Nanos now = world_->executor.now();
  return now >= world_->faults.cut_from && now < world_->faults.cut_until &&
         instance_ % 2 == world_->faults.cut_half;
}

/// A reply that is late, doubled, or lost.
InstanceLink::Reply UnsoundLink::disturbed(Reply reply) {
  LinkWorld& world = *world_;
  const double draw = world.rng.uniform();
  const LinkFaults& f = world.faults;
  if (draw < f.lost) {
    note("a reply is lost");
    return [](const Result<Generation>&) {};
  }
  if (draw < f.lost + f.late) {
    note("a reply is late");
    const auto delay = static_cast<Nanos>(world.rng.below(static_cast<std::uint64_t>(f.delay)));
    return [world = world_, delay, reply = std::move(reply)](Result<Generation> answer) {
      world->executor.at(world->executor.now() + delay,
                         [reply, answer = std::move(answer)] { reply(answer); });
    };
  }
  if (draw < f.lost + f.late + f.twice) {
    note("a reply comes twice");
    return [world = world_, reply = std::move(reply)](const Result<Generation>& answer) {
      reply(answer);
      world->executor.post([reply, answer] { reply(answer); });
    };
  }
  return reply;
}

/// Not what the instance below says.
InstanceLink::Reply UnsoundLink::lying(Reply reply) {
  ++world_->counts["instance: garbage"];
  return [world = world_, instance = instance_,
          reply = std::move(reply)](Result<Generation> given) {
    if (given) {
      const char* what = spoil(*given, *world);
      world->log.say(world->executor.now(), fmt::format("fault: instance {}: {}", instance, what));
    }
    reply(std::move(given));
  };
}

void UnsoundLink::reserve(const InstanceRequest& request) {
  const auto [at, fresh] = sessions_.try_emplace(request.session, request.max_context);
  if (!fresh) return;
  reserved_ += at->second;
  if (world_->kv_tokens == 0 || reserved_ <= world_->kv_tokens) return;
  world_->verdict.broken("byte budget",
                         fmt::format("{} sessions at instance {} may need {} tokens of KV cache, "
                                     "of {}",
                                     sessions_.size(), instance_, reserved_, world_->kv_tokens));
}

void UnsoundLink::generate(InstanceRequest request, Reply reply) {
  reserve(request);
  LinkWorld& world = *world_;
  const LinkFaults& f = world.faults;
  if (life_->dead || cut_off()) {
    if (!life_->dead) note("cut off");
    return;
  }
  const double draw = world.rng.uniform();
  if (draw < f.death) {
    note("dies");
    life_->dead = true;
    return;
  }
  if (draw < f.death + f.hang) {
    note("hangs");
    return;
  }
  if (draw < f.death + f.hang + f.error) {
    note("an error");
    world.executor.post([reply = std::move(reply)] {
      reply(fail(ErrorCode::kUnavailable, "the instance has lost its device"));
    });
    return;
  }
  if (draw < f.death + f.hang + f.error + f.garbage) reply = lying(std::move(reply));
  reply = disturbed(std::move(reply));
  below_->generate(std::move(request),
                   [life = life_, reply = std::move(reply)](Result<Generation> answer) {
                     if (!life->dead) reply(std::move(answer));
                   });
}

void UnsoundLink::abort(std::uint64_t session) {
  if (!life_->dead && !cut_off()) below_->abort(session);
}

void UnsoundLink::release(std::uint64_t session) {
  const auto at = sessions_.find(session);
  if (at != sessions_.end()) {
    reserved_ -= at->second;
    sessions_.erase(at);
  }
  if (!life_->dead && !cut_off()) below_->release(session);
}

Status UnsoundLink::load(Version version, std::shared_ptr<const Decoder> decoder,
                         InFlight in_flight) {
  if (life_->dead) return fail(ErrorCode::kUnavailable, "the instance is gone");
  if (world_->rng.uniform() < world_->faults.unloadable) {
    note("does not load");
    return fail(ErrorCode::kUnavailable, "the instance could not load the weights");
  }
  return below_->load(version, std::move(decoder), in_flight);
}

}  // namespace troupe
