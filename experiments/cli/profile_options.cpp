// The options of every verb that reads profiles.
#include "experiments/calibration/profiles.hpp"
#include "experiments/cli/verbs.hpp"

namespace wattline::experiments {

CLI::Option* add_profile_options(CLI::App& verb, ProfileSource& source) {
  traces::ImportOptions& import = source.import;
  const char* group = "Foreign formats";
  CLI::Option* profile = verb.add_option("--profile", source.files,
                                         "Profile CSV, or a file in the format of --import; repeatable");
  CLI::Option* format = verb.add_option("--import", source.format,
                                        "Format of the profiles; see wattline calibrate --list-formats")
                            ->needs(profile)
                            ->group(group);
  verb.add_option("--time", import.time, "Which of several times becomes time_ms")
      ->needs(format)
      ->group(group);
  verb.add_option("--minibatches", import.minibatches, "Minibatch log of a tegrastats or jtop log")
      ->needs(format)
      ->group(group);
  verb.add_option("--start-s", import.start_s,
                  "Instant of the power log's first line on the minibatch log's clock")
      ->check(number_between(-1e10, 1e10))
      ->needs(format)
      ->group(group);
  verb.add_option("--interval-s", import.interval_s, "Between lines of a power log without time stamps")
      ->check(number_between(1e-3, 1e4))
      ->needs(format)
      ->capture_default_str()
      ->group(group);
  verb.add_option("--settle-s", import.settle_s, "From the start of a run, without power readings")
      ->check(number_between(0, 1e4))
      ->needs(format)
      ->capture_default_str()
      ->group(group);
  return profile;
}

}  // namespace wattline::experiments
