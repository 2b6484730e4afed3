#include "simulate/cluster_options.h"

namespace troupe {

void ClusterOptions::declare(OptionSet& o) {
  o.add("device", &device,
        "What the accelerators are: h100, h200, h800, h20, mi300x, l40s, npu64 or cpu.");
  o.add("devices", &devices, "Accelerators in all.").range(1, 1e6);
  o.add("devices_per_node", &devices_per_node, "Accelerators of one node.").range(1, 1e4);
  o.add(
       "training_devices", &training_devices,
       "Accelerators that train, divided equally among the policies or slots; the others serve "
       "rollout instances. Without this, tensor_parallel and training_slots, `troupe simulate run` "
       "chooses all three.")
      .range(1, 1e6);
  o.add("tensor_parallel", &tensor_parallel, "Accelerators of a rollout instance.").range(1, 1024);
  o.add("training_tensor_parallel", &training_tensor_parallel,
        "Accelerators that hold one replica of a policy in training.")
      .range(1, 1024);
  o.add("training_slots", &training_slots,
        "Sets of training accelerators that the policies share; one that finds another's state in "
        "a slot swaps it. 0: each policy has its own.")
      .range(0, 1e4);
  o.add("shared", &shared,
        "All accelerators do both. barrier: rollout, and then training. micro_batch: half of them "
        "go over to training as cluster.scale_down says. overlap: rollout stops when a step has "
        "its groups, and goes on where it was after it. With [measured], one machine: training "
        "computes with what rollout leaves. Both tables of utilisation then count all of them.");
  o.add("scale_down", &scale_down,
        "When half of the shared devices leave a rollout for its training in mode micro_batch. "
        "fits: once, when what is left fits the others (RollPacker's stream trainer). pays: when "
        "that ends the step sooner by what is predicted of lengths and costs, and again.")
      .one_of({"fits", "pays"});
  o.add("device_price", &device_price,
        "Of a device for an hour, in any currency: what a step costs is then shown.")
      .range(0, 1e9);
  o.add("swap_bandwidth", &swap_bandwidth,
        "Bytes a second at which the whole training state of a policy is swapped, in or out. 0: "
        "all host links of its slot at once.")
      .range(0, 1e15);
  o.add("load_bandwidth", &load_bandwidth,
        "Bytes a second at which an instance takes new weights. 0: the network links of its "
        "devices at once.")
      .range(0, 1e15);
  o.add("other_device", &other_device,
        "What accelerators of a second kind are, which serve rollout only; a preset as in device.");
  o.add("other_devices", &other_devices,
        "Accelerators of other_device, besides cluster.devices. 0: none.")
      .range(0, 1e6);
  o.add("other_tensor_parallel", &other_tensor_parallel,
        "Accelerators of other_device in a rollout instance.")
      .range(1, 1024);
  o.add("affinity", &affinity,
        "Tasks of [workload] go to instances of device, those of [other_workload] to instances of "
        "other_device, and to the others if none of these has room (RollArt's hardware affinity). "
        "router.kind chooses among them.");
  o.add("serial_load", &serial_load,
        "New weights are sent to one policy's instances after another's, as MARTI does, in mode "
        "barrier.");
  o.add("kv_share", &kv_share,
        "Share of workload.max_context that a session reserves of its instance's KV cache. 1: all "
        "of it, as the pool of a run does; less: an engine that hands out pages as contexts grow, "
        "and is lucky enough never to take one back.")
      .range(0.01, 1);
}

}  // namespace troupe
