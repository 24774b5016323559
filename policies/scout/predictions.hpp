// What every hypothesis predicts of one pair of workloads, over all modes and batches.
#pragma once

#include <map>
#include <vector>

#include "policies/problem.hpp"
#include "policies/scout/belief.hpp"

namespace wattline::policies::scout {

// The minibatches of a problem's two streams.
Minibatch background_of(const Problem& problem);
Minibatch inference_of(int batch);

// What was measured of a pair of workloads, by mode index (and batch).
struct Measurements {
  std::map<std::size_t, Measured> background;
  std::map<std::pair<std::size_t, int>, Measured> inference;
};

// Times and powers of the two streams in one mode; 0 for a stream that there is not.
struct Pair {
  double background_ms = 0;
  double background_w = 0;
  double inference_ms = 0;
  double inference_w = 0;
};

// Predictions are blurred by what the law cannot represent of a board (each by its own deviate, the same in
// every round, so that what a hypothesis thinks of a point does not change for no reason); what was measured
// is taken as measured. Made anew when the belief changed. Borrows the grid. Not thread-safe.
class Predictions {
 public:
  // Of one stream, at one batch, by mode.
  struct Column {
    std::vector<float> time_ms, power_w;
    Cost at(std::size_t mode) const { return {time_ms[mode], power_w[mode]}; }
    void set(std::size_t mode, const Cost& cost);
  };

  // For problems on the workloads, train batch and inference batches of `like`. For one problem the grid
  // is tabulated for the first hypotheses only, and of the rest single points are computed when asked for;
  // with `many_problems` it is for all of them, if that takes little memory.
  Predictions(const Problem& like, const Grid& grid, const Belief& belief, const Measurements& measurements,
              double blur, bool many_problems);

  // From now on that point is as measured.
  void take(Stream stream, std::size_t mode, int batch, const Measured& seen);

  std::size_t hypotheses() const { return laws_.size(); }
  std::size_t modes() const { return grid_.size(); }

  // `column` is an index into the problem's inference batches; 0 where nothing is inferred.
  Pair at(std::size_t hypothesis, std::size_t column, std::size_t mode) const;

  // The first hypotheses, at least 64 or all, have the whole grid in columns: rounded, and with what was
  // measured. Empty for a stream that there is not.
  std::size_t tabulated() const { return tables_.size(); }
  const Column& background(std::size_t hypothesis) const { return tables_[hypothesis].background; }
  const Column& inference(std::size_t hypothesis, std::size_t column) const {
    return tables_[hypothesis].inference[column];
  }

 private:
  struct Table {
    Column background;
    std::vector<Column> inference;  // by batch
  };

  Column tabulate(const Law& law, const Minibatch& minibatch, std::size_t hypothesis, int batch) const;
  Table tabulate(std::size_t hypothesis) const;
  Cost computed(std::size_t hypothesis, const Minibatch& minibatch, int batch, std::size_t mode) const;
  // Where a hypothesis' deviates for a batch begin, to be taken in the order of modes.
  std::size_t blur_of(std::size_t hypothesis, int batch) const;

  const Grid& grid_;
  bool trains_, infers_;
  Minibatch background_;
  std::vector<int> batches_;
  std::vector<Cost> background_seen_;  // by mode; 0 ms where nothing was measured
  std::vector<Cost> inference_seen_;   // by column, then mode
  std::vector<Law> laws_;
  std::vector<float> time_blur_, power_blur_;  // factors
  std::vector<Table> tables_;                  // by hypothesis
};

}  // namespace wattline::policies::scout
