// The verbs of the command line, one file each. Each adds its options to a CLI11 subcommand and the
// code that runs it.
//
// Exceptions are used only at this edge: a verb throws CommandError, and main turns it into a message
// on stderr and an exit status (0 good, 1 a run or check failed, 2 bad usage or input).
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <stdexcept>

#include "experiments/report/result_table.hpp"
#include "sim/base/result.hpp"

namespace wattline::experiments {

struct ProfileSource;

class CommandError : public std::runtime_error {
 public:
  explicit CommandError(const Error& error) : std::runtime_error(error.message), error_(error) {}
  // Whole; what() ends at a NUL.
  const Error& error() const { return error_; }

 private:
  Error error_;
};

// The value, or a CommandError.
template <class T>
T required(Result<T> result) {
  if (!result) throw CommandError(result.error());
  return *std::move(result);
}
inline void required(const MaybeError& error) {
  if (error) throw CommandError(*error);
}

// Adds --format table|csv|json.
void add_format_option(CLI::App& verb, std::string& format);
// Adds --seed, a whole number from 0 on.
void add_seed_option(CLI::App& verb, std::uint64_t& seed, const std::string& of_what);
// A check of an option's value: a number from `low` to `high`. CLI::Range lets "nan" pass.
CLI::Validator number_between(double low, double high);
// Adds --profile, --import and what a foreign format needs beside; returns --profile.
CLI::Option* add_profile_options(CLI::App& verb, ProfileSource& source);

// Writes to stdout; a failing stdout (a full disk) is an error, not silence.
void print(const std::string& text);

// Writes a line (or some) to stderr: UTF-8, with '?' for control characters, for it may quote any file. A
// stderr that is closed or full changes nothing.
void tell(const std::string& line);
// The same where stderr is a terminal: a person waits, and a log keeps results only.
void tell_progress(const std::string& line);

void add_devices(CLI::App& app);
void add_workloads(CLI::App& app);
void add_roofline(CLI::App& app);
void add_run(CLI::App& app);
void add_compare(CLI::App& app);
void add_dynamic(CLI::App& app);
void add_calibrate(CLI::App& app);
void add_predict(CLI::App& app);
void add_validate(CLI::App& app);
// Subcommands of validate.
void add_validate_profiles(CLI::App& validate);
void add_validate_curve(CLI::App& validate);
void add_bench(CLI::App& app);
// Subcommands of bench.
void add_bench_engine(CLI::App& bench);
void add_bench_optimum(CLI::App& bench);
void add_bench_surrogate(CLI::App& bench);

// The whole program: parses, runs, reports; returns the exit status.
int run_command_line(int argc, char** argv);

}  // namespace wattline::experiments
