// Small least-squares problems, for models that are linear in their coefficients. Pure functions.
#pragma once

#include <Eigen/Core>

namespace wattline::policies {

// The x that minimises |a x - b|; of several (fewer rows than columns, or columns that depend on each other)
// the shortest.
Eigen::VectorXd least_squares(const Eigen::MatrixXd& a, const Eigen::VectorXd& b);

// The x of no negative entry that minimises |a x - b|: the active-set method of Lawson and Hanson (Solving
// Least Squares Problems, 1974, chapter 23). Columns may be of any scale. For up to some tens of columns.
Eigen::VectorXd non_negative_least_squares(const Eigen::MatrixXd& a, const Eigen::VectorXd& b);

}  // namespace wattline::policies
