#include "simulate/costs/roofline.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace troupe {

void Efficiency::declare(OptionSet& o) {
  o.add("bandwidth", &bandwidth, "Share of the memory's bandwidth that decoding reaches.")
      .range(0.001, 1);
  o.add("prefill", &prefill, "Share of the arithmetic that prefilling reaches, and decoding.")
      .range(0.001, 1);
  o.add("training", &training, "Share of the arithmetic that training reaches (MFU).")
      .range(0.001, 1);
  o.add("link", &link, "Share of the bandwidth that transfers reach, over each link.")
      .range(0.001, 1);
  o.add("step_overhead", &step_overhead,
        "Seconds of a decode step or a prefill pass that no peak explains: kernel launches, the "
        "engine's own scheduling.")
      .range(0, 10);
  o.add("sequence_overhead", &sequence_overhead,
        "Seconds that each sequence adds to a decode step besides its arithmetic: sampling.")
      .range(0, 1);
  o.add("collective", &collective, "Seconds before the first byte of an all-reduce in a node.")
      .range(0, 1);
  o.add("backward_overhead", &backward_overhead,
        "Seconds of each group's backward that its arithmetic does not explain: log-probabilities "
        "that are computed again, launches, gathering of sharded weights.")
      .range(0, 1000);
  o.add("max_batch", &max_batch, "Sequences that an instance decodes together, at most.")
      .range(1, 65536);
  o.add("memory", &memory, "Share of the memory that weights and KV caches may fill.")
      .range(0.001, 1);
}

Result<EmulatedOptions> rollout_costs(const Device& device, int tensor_parallel,
                                      const ModelShape& model, const Efficiency& e) {
  const double t = tensor_parallel;
  const double bandwidth = t * device.bandwidth * e.bandwidth;
  const double arithmetic = 2 * model.active_parameters() / (t * device.flops * e.prefill);
  double token_link = 0;  // seconds of a token's activations in the all-reduces
  double latency = 0;
  if (tensor_parallel > 1) {
    const double collectives = 2.0 * model.layers;
    const double bytes = 2 * (t - 1) / t * model.hidden * model.bytes;
    token_link = collectives * bytes / (device.link * e.link);
    latency = collectives * e.collective;
  }
  const double left = t * device.memory * e.memory - model.weight_bytes();
  if (left < model.kv_bytes()) {
    return fail(ErrorCode::kInvalid,
                fmt::format("{} devices \"{}\" do not hold the weights of {}: {:.0f} GB in "
                            "{:.0f} GB; raise cluster.tensor_parallel",
                            tensor_parallel, device.name, model.name, model.weight_bytes() / 1e9,
                            t * device.memory * e.memory / 1e9));
  }
  EmulatedOptions out;
  out.cost.decode_base = model.weight_bytes() / bandwidth + e.step_overhead + latency;
  out.cost.decode_per_sequence = arithmetic + token_link + e.sequence_overhead;
  out.cost.decode_per_context_token = model.kv_bytes() / bandwidth;
  out.cost.prefill_base = out.cost.decode_base;
  out.cost.prefill_per_token = arithmetic + token_link;
  out.max_batch = e.max_batch;
  out.cost.load_per_byte = 1 / (t * device.network * e.link);
  out.cost.weight_bytes = model.weight_bytes();
  out.kv_tokens = static_cast<std::int64_t>(left / model.kv_bytes());
  return out;
}

Result<TrainingCosts> training_costs(const Device& device, int devices, int tensor_parallel,
                                     int devices_per_node, const ModelShape& model,
                                     const Efficiency& e) {
  const double n = devices;
  if (model.training_bytes() > n * device.memory * e.memory) {
    return fail(ErrorCode::kInvalid,
                fmt::format("{} devices \"{}\" do not hold the training state of {}: {:.0f} GB in "
                            "{:.0f} GB; raise cluster.training_devices",
                            devices, device.name, model.name, model.training_bytes() / 1e9,
                            n * device.memory * e.memory / 1e9));
  }
  TrainingCosts out;
  out.per_group = e.backward_overhead;
  out.per_token = 6 * model.active_parameters() / (n * device.flops * e.training);
  const double replicas = std::max(1.0, n / tensor_parallel);
  const double shard = model.weight_bytes() / tensor_parallel;
  const double link = (devices > devices_per_node ? device.network : device.link) * e.link;
  // A reduce-scatter of gradients and an all-gather of weights.
  const double sent = 2 * (replicas - 1) / replicas * shard / link;
  // Gradient, master weight and moments are read; master, moments and weight are written.
  const double moved = 28 * model.parameters / (n * device.bandwidth * e.bandwidth);
  out.optimizer = sent + moved;
  out.swap_in = out.swap_out = model.training_bytes() / (n * device.host_link * e.link);
  return out;
}

}  // namespace troupe
