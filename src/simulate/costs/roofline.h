#pragma once

#include "base/options.h"
#include "rollout/emulated/options.h"
#include "simulate/costs/device.h"
#include "simulate/costs/model_shape.h"
#include "troupe/result.h"

namespace troupe {

/// The shares of a device's peaks that programs reach, and the times that no peak explains. They
/// are assumptions with a source or a reason each (docs/simulator.md), and options for that reason.
struct Efficiency {
  double bandwidth = 0.75;          ///< of memory bandwidth, decoding
  double prefill = 0.5;             ///< of arithmetic, prefilling and decoding
  double training = 0.4;            ///< of arithmetic, forward and backward: MFU
  double link = 0.7;                ///< of each link's bandwidth
  double step_overhead = 0;         ///< seconds of a decode step or prefill pass besides: launches
  double sequence_overhead = 2e-5;  ///< seconds of a sequence in a decode step: sampling
  double collective = 1e-5;         ///< seconds before the first byte of an all-reduce
  double backward_overhead = 0;     ///< seconds of each group's backward besides
  std::int64_t max_batch = 256;     ///< sequences that an instance decodes together
  double memory = 0.9;              ///< of a device's memory that weights and KV caches may fill

  void declare(OptionSet& options);
  bool operator==(const Efficiency&) const = default;
};

/// How long an instance of `tensor_parallel` devices takes that serves the model, and what it
/// holds, by the roofline (Williams et al., CACM 2009): reading weights and KV caches bounds a
/// decode step, arithmetic a prefill.
///
///   decode_base               weights / (t B) + overhead + 2 layers collectives
///   decode_per_sequence       2 N / (t F) + activations over the link + overhead
///   decode_per_context_token  KV bytes of a token / (t B)
///   prefill_base              decode_base
///   prefill_per_token         2 N / (t F) + activations over the link
///   load_per_byte             1 / (t network)
///   kv_tokens                 (t memory share - weights) / KV bytes of a token
///
/// t = tensor_parallel, B and F what is reached of bandwidth and arithmetic, N parameters (of a
/// mixture of experts those that a token meets; a decode step reads the weights of all). Each layer
/// all-reduces its activations twice if t > 1; a ring sends 2 (t - 1) / t of the bytes over each
/// link. kInvalid if the weights do not fit.
Result<EmulatedOptions> rollout_costs(const Device& device, int tensor_parallel,
                                      const ModelShape& model, const Efficiency& efficiency);

/// What training one policy on some devices takes, in seconds.
struct TrainingCosts {
  double per_group = 0;  ///< of each group's backward besides its tokens
  double per_token = 0;  ///< forward and backward: 6 N FLOP (Kaplan et al., arXiv 2001.08361)
  double optimizer = 0;  ///< gradients summed over the replicas, and Adam's pass over its state
  double swap_in = 0;    ///< of the whole training state, from the host
  double swap_out = 0;
};

/// Training of the model on `devices`, of which `tensor_parallel` together hold one replica's
/// shard. The work of a group is spread evenly over all of them, and the optimizer's state too
/// (ZeRO): each sends and receives its shard of the gradients and of the new weights once, in the
/// slower of its links if they are more than a node. kInvalid if the state does not fit.
Result<TrainingCosts> training_costs(const Device& device, int devices, int tensor_parallel,
                                     int devices_per_node, const ModelShape& model,
                                     const Efficiency& efficiency);

}  // namespace troupe
