#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "engine/engine_under_test.h"
#include "engine/parts.h"
#include "engine/shapes.h"

namespace troupe::bench {
namespace {

// The model that the jobs of one shape and dtype share: made by the first of them that runs, freed
// by the first of another.
class Models {
 public:
  std::shared_ptr<const Weights> weights(const Shape& shape) {
    if (shape_ != &shape) {
      engine_.reset();
      auto weights = std::make_shared<Weights>(shape.config);
      fill(weights->values, 0.05F);  // norms too: values matter to no figure
      weights_ = std::move(weights);
      shape_ = &shape;
    }
    return weights_;
  }
  const EngineUnderTest& get(const Shape& shape, Dtype dtype) {
    weights(shape);
    if (engine_ == nullptr || dtype_ != dtype) {
      engine_.reset();
      engine_ = std::make_unique<EngineUnderTest>(weights_, dtype);
      dtype_ = dtype;
    }
    return *engine_;
  }

 private:
  const Shape* shape_ = nullptr;
  Dtype dtype_ = Dtype::kFp32;
  std::shared_ptr<const Weights> weights_;
  std::unique_ptr<EngineUnderTest> engine_;
};

void packing(Context& context, const Shape& shape, std::shared_ptr<const Weights> weights,
             Row row) {
  row.part = "packing";
  row.cost = packing_cost(shape.config, row.dtype == Dtype::kFp32 ? 4 : 2);
  measure_row(context, row, 1, [&] { EngineUnderTest(weights, row.dtype); });
  context.report->add(row);
}

void decode(Context& context, const EngineUnderTest& engine, const Shape& shape, Row row) {
  const int asked = context.options.new_tokens;
  row.part = "decode";
  row.new_tokens = asked > 0 ? asked : shape.new_tokens;
  row.tokens = row.batch;
  row.cost =
      decode_step_cost(shape.config, row.dtype == Dtype::kFp32 ? 4 : 2, row.batch, row.new_tokens);
  DecodeRun run(engine, row.threads, row.batch, row.new_tokens);
  measure_row(context, row, row.new_tokens, [&] { run.run(); });
  context.report->add(row);
}

void training(Context& context, const EngineUnderTest& engine, const Shape& shape, Row row) {
  const int asked = context.options.sequences;
  row.part = "training";
  row.sequences = asked > 0 ? asked : shape.sequences;
  row.tokens = row.sequences * kTrainLength;
  row.cost = training_cost(shape.config, row.sequences, kTrainLength);
  TrainingRun run(engine, row.threads, row.sequences, kTrainLength);
  measure_row(context, row, 1, [&] { run.run(); });
  context.report->add(row);
}

}  // namespace

std::vector<Job> model_jobs(Context& context) {
  std::vector<Job> jobs;
  const Options& options = context.options;
  auto models = std::make_shared<Models>();
  for (const Shape& shape : shapes()) {
    if (std::find(options.shapes.begin(), options.shapes.end(), shape.name) ==
        options.shapes.end()) {
      continue;
    }
    for (const Dtype dtype : options.dtypes) {
      if (options.wants("packing")) {
        Row row;
        row.name = shape.name;
        row.dtype = dtype;
        jobs.push_back({fmt::format("packing {} {}", shape.name, dtype_name(dtype)),
                        [&context, &shape, models, row] {
                          packing(context, shape, models->weights(shape), row);
                        }});
      }
      for (const int threads : options.threads) {
        Row row;
        row.name = shape.name;
        row.dtype = dtype;
        row.threads = threads;
        const std::string what =
            fmt::format("{} {} {} threads", shape.name, dtype_name(dtype), threads);
        for (const int batch : options.batches) {
          if (!options.wants("decode")) continue;
          row.batch = batch;
          jobs.push_back(
              {fmt::format("decode {} batch {}", what, batch), [&context, &shape, models, row] {
                 decode(context, models->get(shape, row.dtype), shape, row);
               }});
        }
        row.batch = 0;
        if (options.wants("training")) {
          jobs.push_back({"training " + what, [&context, &shape, models, row] {
                            training(context, models->get(shape, row.dtype), shape, row);
                          }});
        }
      }
    }
  }
  return jobs;
}

}  // namespace troupe::bench
