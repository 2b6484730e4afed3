#include "simulate/team/team_shape.h"

namespace troupe {

void TeamShape::declare(OptionSet& o) {
  o.add("agents", &agents, "Agents of the team, each with a policy of its own.").range(1, 4096);
  o.add("models", &models, "Models of the policies; the list is repeated as often as needed.");
}

Status TeamShape::check() const {
  if (models.empty()) return fail(ErrorCode::kInvalid, "team.models is empty");
  return {};
}

Result<ModelShape> TeamShape::shape(std::size_t policy) const {
  if (policy < shapes.size()) return shapes[policy];
  return find_model(models[policy % models.size()]);
}

}  // namespace troupe
