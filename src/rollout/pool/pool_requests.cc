#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "rollout/group_runner.h"
#include "rollout/pool/pool_core.h"

namespace troupe {
namespace {

/// An instance that fails so often in a row has failed.
constexpr int kFailures = 2;

/// What is wrong with an answer's numbers; "": nothing.
std::string wrong_numbers(const Generation& reply, const Decoder* decoder) {
  for (const TokenId token : reply.tokens) {
    if (token >= 0 && (decoder == nullptr || token < decoder->config().vocab)) continue;
    return fmt::format("token {}, which is none of the policy's", token);
  }
  for (const float logprob : reply.logprobs) {
    if (!std::isfinite(logprob) || logprob > 0) return fmt::format("log-prob {}", logprob);
  }
  if (!std::isfinite(reply.entropy_sum)) return fmt::format("entropy {}", reply.entropy_sum);
  return "";
}

/// What an instance says is not believed without looking.
Status check_reply(const Generation& reply, int max_tokens, const EngineWeights& weights) {
  const auto tokens = static_cast<std::int64_t>(reply.tokens.size());
  const Version version = weights.version;
  const bool good = tokens <= max_tokens && reply.logprobs.size() == reply.tokens.size() &&
                    reply.version == version &&
                    (tokens > 0 || reply.reason == FinishReason::kAborted);
  if (good) {
    const std::string wrong = wrong_numbers(reply, weights.decoder.get());
    if (wrong.empty()) return {};
    return fail(ErrorCode::kUnavailable, "an instance answered with " + wrong);
  }
  return fail(
      ErrorCode::kUnavailable,
      fmt::format("an instance answered with {} tokens, {} log-probs and version {} to a "
                  "request for at most {} tokens of version {}",
                  tokens, reply.logprobs.size(), reply.version.number, max_tokens, version.number));
}

void append(Generation& whole, Generation piece) {
  if (whole.tokens.empty()) {
    piece.entropy_sum += whole.entropy_sum;
    whole = std::move(piece);
    return;
  }
  whole.tokens.insert(whole.tokens.end(), piece.tokens.begin(), piece.tokens.end());
  whole.logprobs.insert(whole.logprobs.end(), piece.logprobs.begin(), piece.logprobs.end());
  whole.entropy_sum += piece.entropy_sum;
  whole.reason = piece.reason;
}

}  // namespace

InstancePool::Core::PooledSession::~PooledSession() {
  if (const auto pool = core.lock()) pool->end(*this);
}

void InstancePool::Core::end(PooledSession& session) {
  release(session);
  if (session.failed || session.aborted) return;
  LengthPredictor& predictor = policies[static_cast<std::size_t>(session.policy)]->predictor;
  for (std::size_t i = 0; i < session.turns.size(); ++i) {
    const auto& [made, before] = session.turns[i];
    predictor.score(made, session.decoded - before);
    predictor.observe({session.hint.task, session.hint.agent, static_cast<int>(i)},
                      session.decoded - before);
  }
}

double InstancePool::Core::predicted_work(const PooledSession& session) const {
  const LengthPredictor& predictor = policies[static_cast<std::size_t>(session.policy)]->predictor;
  const double before = session.turns.back().second;
  if (session.decoded == before) return session.turns.back().first.mean;  // as the turn began
  return predictor.predict(key_of(session), session.decoded - before).mean;
}

LengthKey InstancePool::Core::key_of(const PooledSession& session) {
  return {session.hint.task, session.hint.agent, static_cast<int>(session.turns.size()) - 1};
}

Async<Result<Generation>> InstancePool::Core::generate(std::shared_ptr<PooledSession> session,
                                                       GenerateRequest request) {
  Served& served = *policies[static_cast<std::size_t>(session->policy)];
  const bool pinned = session->pinned = request.weights != nullptr;
  while (served.paused && !pinned) {
    const bool notified = co_await served.changed.wait(Wait(3600 * kSecond, "the pool to resume"));
    if (!notified) co_return fail(ErrorCode::kDeadline, "the rollout pool was not resumed");
  }
  if (!pinned) request.weights = served.weights;
  ++served.in_flight;
  if (!pinned) ++served.unpinned;
  session->running = true;
  session->aborted = false;
  if (request.sampled_before == 0 || session->turns.empty()) {
    const int turn = static_cast<int>(session->turns.size());
    session->turns.emplace_back(
        served.predictor.predict({session->hint.task, session->hint.agent, turn}),
        session->decoded);
  }
  auto answer = co_await attempts(session, std::move(request));
  session->running = false;
  rest(*session);
  --served.in_flight;
  if (!pinned) --served.unpinned;
  session->failed = !answer;
  if (answer) served.tokens_sampled += static_cast<std::int64_t>(answer->tokens.size());
  served.changed.notify_all();
  serve_waiting(served);
  co_return answer;
}

/// The answer, in as many pieces and from as many instances as it takes.
Async<Result<Generation>> InstancePool::Core::attempts(std::shared_ptr<PooledSession> session,
                                                       GenerateRequest request) {
  Generation whole;
  whole.version = request.weights->version;
  whole.reason = FinishReason::kAborted;
  int failed = 0;
  LengthPredictor& answers = policies[static_cast<std::size_t>(session->policy)]->answers;
  while (!session->aborted) {
    if (looks_at_answers()) {
      session->answer = answers.predict(key_of(*session), request.sampled_before).mean;
    }
    Status home = co_await settle_home(*session, request);
    if (!home) co_return tl::unexpected(home.error());
    if (session->aborted) break;
    const Instance* chosen = home_of(*session);
    if (chosen == nullptr || chosen->place < 0) continue;  // it has gone meanwhile
    bool moved = false;
    auto piece = co_await ask(*session, request, moved);
    if (!piece) {
      release(*session);
      if (!is_infrastructure(piece.error().code) || ++failed >= settings.attempts || closed_) {
        co_return tl::unexpected(piece.error());
      }
      ++counts.repeated;
      continue;
    }
    const auto tokens = static_cast<int>(piece->tokens.size());
    session->version = request.weights->version;
    session->cached = static_cast<double>(request.context.size()) + tokens;
    session->decoded += tokens;
    if (piece->reason == FinishReason::kAborted) request.context.append(piece->tokens);
    append(whole, std::move(*piece));
    if (whole.reason != FinishReason::kAborted || !moved) {
      if (whole.reason != FinishReason::kAborted && looks_at_answers()) {
        answers.observe(key_of(*session), request.sampled_before + tokens);
      }
      break;
    }
    request.sampled_before += tokens;
    request.max_tokens -= tokens;
  }
  co_return whole;
}

/// Sends the request home and waits for the reply.
Async<Result<Generation>> InstancePool::Core::ask(PooledSession& session,
                                                  const GenerateRequest& request, bool& moved) {
  const int id = session.home;
  Instance* instance = find(id);
  const auto ticket = std::make_shared<Ticket>(executor);
  const std::uint64_t number = next_ticket_++;
  ticket->session = &session;
  ticket->context = static_cast<double>(request.context.size());
  instance->tickets[number] = ticket;
  instance->context += ticket->context;
  show(*instance);
  ++counts.requests;
  Served& served = *policies[static_cast<std::size_t>(session.policy)];
  served.router->cached(id, request.weights->version, request.context);
  InstanceRequest message;
  message.session = session.id;
  message.max_context = session.max_context;
  message.generate = request;
  const std::weak_ptr<Core> weak = weak_from_this();
  const auto link = instance->link;
  link->generate(std::move(message), [weak, id, number](Result<Generation> reply) {
    if (const auto core = weak.lock()) core->on_reply(id, number, std::move(reply));
  });
  const Nanos until = executor.now() + settings.reply_limit;
  while (!ticket->reply) {
    const Nanos left = std::max<Nanos>(until - executor.now(), 1);
    const bool notified = co_await ticket->settled.wait(Wait(left, "an instance's reply"));
    if (!notified && !ticket->reply) lose(id);  // settles the ticket
  }
  moved = ticket->moved;
  if (*ticket->reply) {
    const Status good = check_reply(**ticket->reply, request.max_tokens, *request.weights);
    if (!good) {
      Instance* liar = find(id);
      if (liar != nullptr && ++liar->failures >= kFailures) lose(id);
      co_return tl::unexpected(good.error());
    }
  }
  co_return std::move(*ticket->reply);
}

void InstancePool::Core::on_reply(int id, std::uint64_t number, Result<Generation> reply) {
  Instance* instance = find(id);
  const auto place = instance == nullptr
                         ? std::map<std::uint64_t, std::shared_ptr<Ticket>>::iterator()
                         : instance->tickets.find(number);
  if (instance == nullptr || place == instance->tickets.end()) {
    ++counts.stray_replies;
    return;
  }
  const std::shared_ptr<Ticket> ticket = place->second;
  instance->tickets.erase(place);
  instance->context -= ticket->context;
  show(*instance);
  const bool failed = !reply && is_infrastructure(reply.error().code);
  ticket->reply = std::move(reply);
  ticket->settled.notify_all();
  instance->failures = failed ? instance->failures + 1 : 0;
  if (instance->failures >= kFailures) {
    lose(id);
  } else if (instance->state == State::kLeaving && instance->tickets.empty()) {
    left(id);
  }
}

void InstancePool::Core::abort(PooledSession& session) {
  if (!session.running) return;
  session.aborted = true;
  Instance* home = home_of(session);
  if (home != nullptr) home->link->abort(session.id);
  for (Waiter* waiter : policies[static_cast<std::size_t>(session.policy)]->waiting) {
    if (waiter->session == &session) waiter->changed.notify_all();
  }
}

}  // namespace troupe
