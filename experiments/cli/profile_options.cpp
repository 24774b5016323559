// The options of every verb that reads profiles.
#include "experiments/calibration/profiles.hpp"
#include "experiments/cli/verbs.hpp"
#include "traces/row_reader.hpp"

namespace wattline::experiments {

namespace {

constexpr const char* group = "Foreign formats";

// What a file does not say of the mode, or says wrong.
void add_mode_options(CLI::App& verb, devices::PowerMode& mode, CLI::Option* format) {
  struct Knob {
    const char* option;
    std::int32_t& value;
    std::int32_t highest;
    const char* help;
  };
  const Knob knobs[] = {
      {"--cores", mode.cores, 1024, "Online CPU cores of every profile, whatever the file says"},
      {"--cpu-khz", mode.cpu_khz, traces::highest_clock_khz, "Their CPU clock"},
      {"--gpu-khz", mode.gpu_khz, traces::highest_clock_khz,
       "Their GPU clock (tegrastats tells it to root only)"},
      {"--emc-khz", mode.emc_khz, traces::highest_clock_khz, "Their memory clock (likewise)"},
      {"--active-sms", mode.active_sms, 1024, "Their active SMs"}};
  for (const Knob& knob : knobs) {
    verb.add_option(knob.option, knob.value, knob.help)
        ->check(CLI::Range(1, knob.highest))
        ->needs(format)
        ->group(group);
  }
}

// Of tegrastats and jtop logs.
void add_power_log_options(CLI::App& verb, traces::ImportOptions& import, CLI::Option* format) {
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
  verb.add_option("--rails", import.power_rails,
                  "Rails of a power log whose sum is the power (default: those of the module)")
      ->delimiter(',')
      ->needs(format)
      ->group(group);
}

}  // namespace

CLI::Option* add_profile_options(CLI::App& verb, ProfileSource& source) {
  CLI::Option* profile = verb.add_option("--profile", source.files,
                                         "Profile CSV, or a file in the format of --import; repeatable");
  CLI::Option* format = verb.add_option("--import", source.format,
                                        "Format of the profiles; see wattline calibrate --list-formats")
                            ->needs(profile)
                            ->group(group);
  verb.add_option("--time", source.import.time, "Which of several times becomes time_ms")
      ->needs(format)
      ->group(group);
  verb.add_option("--observed-clocks", source.import.observed_clocks,
                  "Clocks of the modes of a single-stream file (default: observed_clocks.csv beside it)")
      ->needs(format)
      ->group(group);
  add_mode_options(verb, source.import.mode, format);
  add_power_log_options(verb, source.import, format);
  return profile;
}

}  // namespace wattline::experiments
