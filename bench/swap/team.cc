#include "swap/team.h"

#include <cmath>
#include <cstring>

#include "base/digest.h"
#include "base/rng.h"
#include "common/stopwatch.h"

namespace troupe::bench {
namespace {

constexpr int kVocab = 512;

/// Eight layers, as wide as the number of parameters asks for.
ModelConfig shape(std::int64_t parameters, int tokens) {
  ModelConfig c;
  c.vocab = kVocab;
  c.layers = 8;
  c.head_dim = 32;
  // A layer has 4 w^2 of attention and 9 w^2 of a feed-forward net that is three times as wide.
  const double width = std::sqrt(static_cast<double>(parameters) / (13.0 * c.layers));
  c.heads = c.kv_heads = std::max(1, static_cast<int>(std::lround(width / c.head_dim)));
  c.width = c.heads * c.head_dim;
  c.ffn = 3 * c.width;
  c.max_positions = tokens;
  return c;
}

}  // namespace

Result<std::unique_ptr<TrainingTeam>> TrainingTeam::make(Executor& executor, Disk& disk,
                                                         const TeamOptions& options,
                                                         const Variant& variant) {
  std::unique_ptr<TrainingTeam> out(new TrainingTeam(executor, options));
  const ModelConfig config = shape(options.parameters, options.tokens);
  for (int i = 0; i < options.policies; ++i) {
    auto member = std::make_unique<Member>();
    auto weights =
        std::make_shared<const Weights>(random_weights(config, static_cast<std::uint64_t>(i) + 1));
    member->trainer =
        std::make_unique<Trainer>(executor, "p" + std::to_string(i), OptimizerOptions(),
                                  AlgorithmOptions(), std::move(weights));
    member->trainer->configure(1.0F, options.tokens, 4096);
    out->members_.push_back(std::move(member));
  }
  if (variant.slots == 0) return out;
  TierBudgets budgets;
  // A state that is put away in mid-step has its sums too, of the size of the moments.
  const std::uint64_t whole = 2 * out->state_bytes() + 64;
  budgets.host =
      variant.states == 0 ? 1ULL << 62 : static_cast<std::uint64_t>(variant.states) * whole;
  TROUPE_ASSIGN(out->store_, open_tier_store(executor, disk, options.folder + "/" + variant.name,
                                             budgets, Leftovers::kForget));
  TrainingSlots::Setting setting;
  setting.slots = variant.slots;
  setting.groups = options.groups;
  out->slots_ = std::make_unique<TrainingSlots>(executor, *out->store_, setting);
  for (auto& member : out->members_) {
    member->slotted = std::make_unique<SlottedTrainer>(*out->slots_, member->trainer->policy(),
                                                       *member->trainer, *member->trainer);
  }
  return out;
}

TrainingTeam::~TrainingTeam() = default;

std::shared_ptr<const Group> TrainingTeam::group(int member, int index) const {
  Rng rng(static_cast<std::uint64_t>((steps_ * 1000 + member) * 1000 + index));
  auto out = std::make_shared<Group>();
  out->key.step = steps_;
  out->key.index = index;
  for (int r = 0; r < options_.rows; ++r) {
    Trajectory row;
    Segment prompt;
    Segment answer;
    answer.sampled = true;
    for (int t = 0; t < options_.tokens; ++t) {
      Segment& part = t < options_.tokens / 4 ? prompt : answer;
      part.tokens.push_back(static_cast<TokenId>(rng.below(kVocab)));
    }
    answer.logprobs.assign(answer.tokens.size(), -6.2F);
    answer.version.number = steps_;
    row.segments.push_back(std::move(prompt));
    row.segments.push_back(std::move(answer));
    out->rows.push_back(std::move(row));
    out->advantages.push_back(rng.normal());
  }
  return out;
}

Async<void> TrainingTeam::accumulate(Member& member, std::shared_ptr<const Group> group,
                                     Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  const Status done = co_await member.engine().accumulate(std::move(group));
  if (!done) member.status = done;
}

Async<void> TrainingTeam::train(Member& member, int index, Gate::Pass pass) {
  const Gate::Pass held = std::move(pass);
  Gate gate(executor_);
  for (int g = 0; g < options_.groups; ++g) {
    spawn(accumulate(member, group(index, g), Gate::Pass(gate)));
  }
  const Status done = co_await gate.wait_empty(Wait(3600 * kSecond, "backward"));
  if (!done) member.status = done;
  if (!member.status) co_return;
  const auto stepped = co_await member.engine().step(options_.groups, 1e-4);
  if (!stepped) member.status = tl::unexpected(stepped.error());
}

Async<Result<TeamStep>> TrainingTeam::step() {
  TeamStep out;
  if (slots_) out.swaps = slots_->counts();
  const double began = now();
  Gate gate(executor_);
  for (std::size_t i = 0; i < members_.size(); ++i) {
    spawn(train(*members_[i], static_cast<int>(i), Gate::Pass(gate)));
  }
  const Status done = co_await gate.wait_empty(Wait(36000 * kSecond, "a step"));
  if (!done) co_return tl::unexpected(done.error());
  out.seconds = now() - began;
  ++steps_;
  for (const auto& member : members_) {
    if (!member->status) co_return tl::unexpected(member->status.error());
  }
  if (!slots_) co_return out;
  const SwapCounts before = out.swaps;
  const SwapCounts after = slots_->counts();
  out.swaps.swaps = after.swaps - before.swaps;
  out.swaps.bytes_in = after.bytes_in - before.bytes_in;
  out.swaps.bytes_out = after.bytes_out - before.bytes_out;
  out.swaps.disk_read = after.disk_read - before.disk_read;
  out.swaps.disk_written = after.disk_written - before.disk_written;
  out.swaps.seconds = after.seconds - before.seconds;
  out.swaps.shown = after.shown - before.shown;
  co_return out;
}

Async<Result<double>> TrainingTeam::swap_alone() {
  const Wait wait(600 * kSecond, "a swap");
  auto block = co_await store_->allocate(state_bytes(), wait);
  if (!block) co_return tl::unexpected(block.error());
  std::memset(block->bytes().data(), 7, block->size());
  const double began = now();
  const Status set = co_await store_->set("alone", std::move(*block), Place::kDisk, wait);
  if (!set) co_return tl::unexpected(set.error());
  const double written = now() - began;
  // The copy in memory must go, or the disk is not read: all memory but that of the bound state.
  auto room = co_await store_->allocate(3 * state_bytes(), wait);
  if (!room) co_return tl::unexpected(room.error());
  *room = StateBytes();
  const double again = now();
  auto back = co_await store_->get("alone", wait);
  if (!back) co_return tl::unexpected(back.error());
  const double seconds = written + now() - again;
  *back = StateBytes();
  const Status gone = co_await store_->remove("alone");
  if (!gone) co_return tl::unexpected(gone.error());
  co_return seconds;
}

Async<void> TrainingTeam::stop() {
  if (slots_) co_await slots_->stop();
}

std::string TrainingTeam::digest() const {
  Digest digest;
  for (const auto& member : members_) digest.add(member->trainer->weights()->digest());
  return digest.hex();
}

std::uint64_t TrainingTeam::state_bytes() const {
  return members_.front()->trainer->parts().front().bytes;
}

std::uint64_t TrainingTeam::peak_bytes() const { return store_ ? store_->figures().host_peak : 0; }

}  // namespace troupe::bench
