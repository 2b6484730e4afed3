#include "rollout/sampling_options.h"

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(SamplingOptions, ABiasIsATokenAndANumber) {
  EXPECT_EQ(parse_logit_bias("17=-2.5").value(), (LogitBias{17, -2.5F}));
  EXPECT_EQ(parse_logit_bias("0=1e1").value(), (LogitBias{0, 10.0F}));
  for (const char* wrong : {"", "=", "17", "17=", "=1", "a=1", "17=b", "17=1x", " 17=1", "17 =1"}) {
    const auto got = parse_logit_bias(wrong);
    ASSERT_FALSE(got) << wrong;
    EXPECT_NE(got.error().message.find("ID=BIAS"), std::string::npos);
  }
}

TEST(SamplingOptions, TrainingTakesPlainSamplingOnly) {
  SamplingOptions plain;
  plain.temperature = 0.7;
  EXPECT_TRUE(check_trainable(plain));
  EXPECT_TRUE(plain.settings()->faithful());
  const auto refused = [](const char* option, auto change) {
    SamplingOptions options;
    change(options);
    const Status status = check_trainable(options);
    ASSERT_FALSE(status) << option;
    EXPECT_EQ(status.error().code, ErrorCode::kInvalid);
    const std::string& message = status.error().message;
    EXPECT_EQ(message.find(std::string("rollout.") + option), 0U) << message;
    EXPECT_NE(message.find("; "), std::string::npos) << "a remedy: " << message;
    EXPECT_FALSE(options.settings()->faithful() && options.temperature >= 0.01) << message;
  };
  refused("temperature", [](SamplingOptions& o) { o.temperature = 0; });
  refused("temperature", [](SamplingOptions& o) { o.temperature = 0.001; });
  refused("top_k", [](SamplingOptions& o) { o.top_k = 1; });
  refused("top_p", [](SamplingOptions& o) { o.top_p = 0.99; });
  refused("min_p", [](SamplingOptions& o) { o.min_p = 0.01; });
  refused("logit_bias", [](SamplingOptions& o) { o.logit_bias = {"3=1"}; });
}

TEST(SamplingOptions, TheTextNamesWhatIsNotPlain) {
  SamplingOptions options;
  options.temperature = 0.7;
  EXPECT_EQ(sampling_text(*options.settings()), "temperature 0.7");
  options.top_p = 0.9;
  options.logit_bias = {"3=1"};
  EXPECT_EQ(sampling_text(*options.settings()),
            "temperature 0.7, top_p 0.9, logit_bias of 1 tokens");
}

}  // namespace
}  // namespace troupe
