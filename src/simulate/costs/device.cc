#include "simulate/costs/device.h"

#include <fmt/format.h>

#include "config/nearest.h"

namespace troupe {
namespace {

// NVIDIA's and AMD's by their data sheets: dense bf16; NVLink's total halved into one direction;
// PCIe 5 x16 64e9 (PCIe 4: 32e9). Networks are what such nodes are commonly built with, one 400
// Gb/s adapter a device; the L40S and the NPU have half of it, the processor 100 Gb/s.
const std::vector<Device> kDevices = {
    // H100 SXM: 989.4 TFLOP/s, 3.35 TB/s, 80 GB, NVLink 900 GB/s.
    {"h100", 989.4e12, 3.35e12, 80e9, 450e9, 64e9, 50e9},
    // H200 SXM: an H100 with 4.8 TB/s and 141 GB.
    {"h200", 989.4e12, 4.8e12, 141e9, 450e9, 64e9, 50e9},
    // H800 SXM: an H100 with NVLink at 400 GB/s.
    {"h800", 989.4e12, 3.35e12, 80e9, 200e9, 64e9, 50e9},
    // H20: 148 TFLOP/s, 4.0 TB/s, 96 GB, NVLink 900 GB/s.
    {"h20", 148e12, 4.0e12, 96e9, 450e9, 64e9, 50e9},
    // MI300X: 1,307.4 TFLOP/s, 5.3 TB/s, 192 GB, seven Infinity Fabric links of 64 GB/s a
    // direction.
    {"mi300x", 1307.4e12, 5.3e12, 192e9, 448e9, 64e9, 50e9},
    // L40S: 362 TFLOP/s, 864 GB/s, 48 GB, PCIe 4 only.
    {"l40s", 362e12, 0.864e12, 48e9, 32e9, 32e9, 25e9},
    // An NPU of 64 GB, sixteen to a node, as in FlexMARL's study (arXiv 2602.09578), which does not
    // name it. Our stand-in is one die of an Ascend 910C: 376 TFLOP/s, 1.6 TB/s, 196 GB/s to its
    // neighbours (Serving Large Language Models on Huawei CloudMatrix384, arXiv 2506.12708).
    {"npu64", 376e12, 1.6e12, 64e9, 196e9, 32e9, 25e9},
    // A server processor, by arithmetic: 32 cores x 2.5 GHz x 64 FLOP a cycle (two AVX-512 FMA of
    // fp32); 8 channels of DDR5-4800; 512 GB. Its "host link" is its own memory.
    {"cpu", 5.12e12, 307.2e9, 512e9, 12.5e9, 307.2e9, 12.5e9},
};

}  // namespace

const std::vector<Device>& devices() { return kDevices; }

Result<Device> find_device(const std::string& name) {
  std::vector<std::string> names;
  for (const Device& device : kDevices) {
    if (device.name == name) return device;
    names.push_back(device.name);
  }
  const auto nearest = nearest_word(name, names);
  return fail(ErrorCode::kInvalid,
              fmt::format("no device is called \"{}\"; {}", name,
                          nearest ? "did you mean \"" + *nearest + "\"?"
                                  : fmt::format("known are {}", fmt::join(names, ", "))));
}

}  // namespace troupe
