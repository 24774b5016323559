#include "experiments/cli/verbs.hpp"

int main(int argc, char** argv) {
  return wattline::experiments::run_command_line(argc, argv);
}
