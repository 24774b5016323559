// The run directory: results, manifest and timing of one run, each file written whole or not at all.
//
// manifest.json says what the results are a function of (version, commit, compiler, resolved
// configuration, hash of every input, seed): two runs with the same manifest have the same results,
// byte for byte. What may differ between them (command line, jobs, wall clock) is in timing.json.
#pragma once

#include <string>
#include <vector>

#include "sim/base/result.hpp"
#include "sim/base/strict_json.hpp"

namespace wattline::experiments {

struct InputFile {
  std::string path;  // as the configuration gives it, not how this run found it
  std::string sha256;
};

// The hash of the file at `path`, which the configuration calls `given`; errors name the path.
Result<InputFile> hashed_input(const std::string& path, const std::string& given);
std::string sha256_of(const std::string& bytes);

struct Manifest {
  std::string verb;
  std::uint64_t seed = 0;
  OrderedJson configuration;  // resolved_configuration() of the file
  std::vector<InputFile> inputs;

  std::string text() const;
  // Hash of the verb, the configuration and the inputs: what names a default run directory.
  std::string identity() const;
};

// {"given": the file's content, "defaults": the fields that it left out with the values taken}. `name` is
// what the reader called the file; it is left out of the field names.
OrderedJson resolved_configuration(const Json& given, const std::string& name,
                                   const std::vector<Defaulted>& defaults);

struct ResultFile {
  std::string name;
  std::string content;
};

// Creates `directory` (and its parents) and writes the files into it, the manifest last. An existing
// directory is accepted only when it is empty or holds a run of the same identity, finished or
// interrupted: a file `unfinished` marks it as long as the manifest is not there. Several processes may
// write the same run at once: one after the other does.
MaybeError write_run_directory(const std::string& directory, const Manifest& manifest,
                               const std::vector<ResultFile>& results, const OrderedJson& timing);

// Whether write_run_directory() would accept the directory: asked before the work is done.
MaybeError check_run_directory(const std::string& directory, const Manifest& manifest);

// Where a run goes that is not told where: "runs/NAME-HASH", letters and digits of its name and the start of
// its identity.
std::string default_run_directory(const std::string& name, const Manifest& manifest);

}  // namespace wattline::experiments
