#pragma once

#include <string>
#include <vector>

#include "troupe/result.h"

namespace troupe {

/// One accelerator by its public figures: peaks, never what a program reaches (Roofline has the
/// shares). All in FLOP, bytes and seconds; links count one direction.
struct Device {
  std::string name;
  double flops = 0;      ///< a second, dense bf16
  double bandwidth = 0;  ///< of its memory, a second
  double memory = 0;     ///< bytes
  double link = 0;       ///< to its neighbours in the node, a second
  double host_link = 0;  ///< to the host's memory, a second
  double network = 0;    ///< to other nodes, its share of the node's adapters, a second
};

/// The presets (docs/simulator.md has the same table).
const std::vector<Device>& devices();

/// A preset by name. kInvalid for an unknown one, with the nearest known.
Result<Device> find_device(const std::string& name);

}  // namespace troupe
