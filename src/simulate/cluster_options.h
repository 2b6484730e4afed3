#pragma once

#include <cstdint>
#include <string>

#include "base/options.h"

namespace troupe {

/// Who has which devices.
struct ClusterOptions {
  std::string device = "h100";
  std::int64_t devices = 64;
  std::int64_t devices_per_node = 8;
  std::int64_t training_devices = 32;
  std::int64_t tensor_parallel = 1;
  std::int64_t training_tensor_parallel = 1;
  std::int64_t training_slots = 0;
  bool shared = false;
  std::string scale_down = "pays";
  double device_price = 0;
  double swap_bandwidth = 0;
  double load_bandwidth = 0;
  bool serial_load = false;
  double kv_share = 1;
  std::string other_device;
  std::int64_t other_devices = 0;
  std::int64_t other_tensor_parallel = 1;
  bool affinity = false;

  void declare(OptionSet& options);
};

}  // namespace troupe
