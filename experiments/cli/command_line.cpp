#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "experiments/cli/verbs.hpp"
#include "experiments/version.hpp"
#include "sim/base/printable.hpp"
#include "sim/base/text.hpp"

namespace wattline::experiments {

namespace {

constexpr int status_failed = 1;
constexpr int status_bad_usage = 2;

// One line, whatever stands in the file that is complained of.
void complain(std::string message) {
  std::replace(message.begin(), message.end(), '\n', '?');
  tell("wattline: " + message);
}

// UTF-8 without control characters, but for the ends of lines.
std::string fit_for_terminal(std::string_view text) {
  std::string shown;
  for (const std::string_view line : split(text, '\n')) {
    std::string visible(line);
    std::replace_if(
        visible.begin(), visible.end(),
        [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
    shown += printable(visible) + '\n';
  }
  return shown;
}

// CLI11 says "The following argument was not expected: X"; a mistyped verb deserves its nearest name.
std::string usage_message(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  std::vector<std::string> verbs;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; }))
    verbs.push_back(verb->get_name());
  if (argc > 1 && argv[1][0] != '-' && std::find(verbs.begin(), verbs.end(), argv[1]) == verbs.end()) {
    return unknown_name_message("verb", argv[1], verbs);
  }
  return fmt::format("{} (see --help)", error.what());
}

// Nothing is named by an empty text, and a verb would take it for an option that is not given.
void refuse_empty_texts(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    option->check([](const std::string& text) {
      return text.empty() ? std::string("an empty text is not accepted") : std::string();
    });
  }
  for (CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) refuse_empty_texts(*verb);
}

}  // namespace

void add_format_option(CLI::App& verb, std::string& format) {
  verb.add_option("--format", format, "table, csv or json")
      ->check(CLI::IsMember(format_names()))
      ->capture_default_str();
}

void add_seed_option(CLI::App& verb, std::uint64_t& seed, const std::string& of_what) {
  verb.add_option("--seed", seed, of_what)
      ->check(CLI::Range(std::int64_t{0}, INT64_MAX))
      ->capture_default_str();
}

CLI::Validator number_between(double low, double high) {
  const auto check = [low, high](const std::string& text) {
    const auto value = parse_double(text);
    if (value && *value >= low && *value <= high) return std::string();
    return fmt::format("'{}' is not accepted; a number from {} to {} is expected", text.substr(0, 80),
                       shortest(low), shortest(high));
  };
  return CLI::Validator(check, fmt::format("FLOAT in [{} - {}]", shortest(low), shortest(high)));
}

void print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    throw CommandError(failure("standard output cannot be written"));
  }
}

void tell(const std::string& line) {
  // The result is dropped on purpose: there is nowhere left to complain to.
  const std::string shown = fit_for_terminal(line);
  (void)std::fwrite(shown.data(), 1, shown.size(), stderr);
}

void tell_progress(const std::string& line) {
  if (::isatty(STDERR_FILENO) == 1) tell(line);
}

int run_command_line(int argc, char** argv) {
  CLI::App app("Wattline simulates edge accelerators (NVIDIA Jetson) for scheduling research.", "wattline");
  app.set_version_flag("--version", fmt::format("wattline {} ({}, {})", version(), commit(), compiler()));
  app.require_subcommand(1);
  app.footer("Each verb has its own --help with an example.");
  add_devices(app);
  add_workloads(app);
  add_roofline(app);
  add_run(app);
  add_compare(app);
  add_dynamic(app);
  add_calibrate(app);
  add_predict(app);
  add_validate(app);
  add_bench(app);
  refuse_empty_texts(app);
  try {
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::Success& success) {  // --help, --version
    return app.exit(success);
  } catch (const CLI::ParseError& error) {
    complain(usage_message(app, error, argc, argv));
    return status_bad_usage;
  } catch (const CommandError& error) {
    complain(error.error().message);
    return error.error().kind == Error::Kind::bad_input ? status_bad_usage : status_failed;
  } catch (const std::exception& error) {
    complain(fmt::format("failed: {}", error.what()));
    return status_failed;
  }
}

}  // namespace wattline::experiments
