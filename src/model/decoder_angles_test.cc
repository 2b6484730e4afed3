#include "model/decoder_angles.h"

#include <gtest/gtest.h>

#include <cmath>

namespace troupe {
namespace {

TEST(Angles, AreThoseOfTheDefinitionAtShortAndLongRange) {
  ModelConfig config;
  config.head_dim = 10;
  config.rope_theta = 5e5F;
  config.max_positions = 100'000;
  const Angles angles(config);
  float cosines[5];
  float sines[5];
  for (const int position : {0, 1, 63, 64, 65, 999, 77'777, 99'999}) {
    angles.at(position, cosines, sines);
    for (int i = 0; i < 5; ++i) {
      const double angle = position * std::pow(5e5, -2.0 * i / 10.0);
      EXPECT_NEAR(cosines[i], std::cos(angle), 6.1e-8) << position;
      EXPECT_NEAR(sines[i], std::sin(angle), 6.1e-8) << position;
    }
  }
}

}  // namespace
}  // namespace troupe
