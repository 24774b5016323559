// The hybrid cost model: a calibrated law plus the regression of its residuals (calibration/model.hpp).
//
// Knows the workloads that were profiled, networks of the user's own among them
// (calibration/known_workloads.hpp), and those of the catalogue from the law alone with the parameters that
// the board's other workloads share. Near a measured point it follows the measurement, far from it the
// physics. A model of module rails splits power over the board's rails; any other kind is one rail, "total".
#pragma once

#include <map>
#include <memory>

#include "devices/calibration/model.hpp"
#include "devices/cost_model.hpp"

namespace wattline::devices {

class HybridModel final : public CostModel {
 public:
  explicit HybridModel(calibration::CalibratedModel model);

  const calibration::CalibratedModel& model() const { return model_; }
  const std::vector<std::string>& rails() const override { return rails_; }
  Result<Cost> minibatch(const std::string& workload, workloads::Role role, std::int64_t batch,
                         const PowerMode& mode) const override;
  Result<RailPowerW> idle_power_w(const PowerMode& mode) const override;
  MaybeError check_workload(const std::string& workload, workloads::Role role,
                            std::optional<std::int64_t> batch) const override;

  // Many times faster than one after the other, for modes that share clocks; agrees with it to rounding.
  // Precondition: the board has the modes.
  std::vector<std::optional<Cost>> minibatches(const std::string& workload, workloads::Role role,
                                               std::int64_t batch,
                                               std::span<const PowerMode> modes) const override;

  // Least and largest batch at which the workload was profiled on this board in the role; nothing: it was
  // not.
  std::optional<std::pair<std::int64_t, std::int64_t>> profiled_batches(const std::string& workload,
                                                                        workloads::Role role) const;

  // Time and power with their bands. Errors: unknown workload or mode; a counted workload at a batch that
  // does not follow from the profiled ones, unless `flop` and `bytes` are given.
  Result<calibration::CostPrediction> predict(const std::string& workload, workloads::Role role,
                                              const calibration::Point& point) const;
  // predict() of one minibatch at many modes; the point's own mode does not matter.
  Result<std::vector<calibration::CostPrediction>> predict(const std::string& workload, workloads::Role role,
                                                           const calibration::Point& point,
                                                           std::span<const PowerMode> modes) const;

 private:
  struct Found {
    const calibration::GroupModel* group;
    calibration::Point point;
  };
  Result<Found> find(const std::string& workload, workloads::Role role,
                     const calibration::Point& point) const;
  // The group of a workload that needs no counts, and that of work with counts on the workload's stack; or
  // null.
  const calibration::GroupModel* by_name(const std::string& full_name, workloads::Role role) const;
  const calibration::GroupModel* counted_pool(const std::string& full_name, workloads::Role role) const;
  RailPowerW on_rails(const std::array<double, 4>& domain_w) const;

  calibration::CalibratedModel model_;
  std::vector<std::string> rails_;
  // Catalogue networks without profiles, at their priors.
  std::map<std::pair<std::string, workloads::Role>, calibration::GroupModel> unprofiled_;
};

}  // namespace wattline::devices
