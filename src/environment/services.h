#pragma once

namespace troupe {

class Disk;

/// What environments may use of the outside world. Lives as long as the specs made with it.
struct EnvironmentServices {
  Disk& disk;
};

}  // namespace troupe
