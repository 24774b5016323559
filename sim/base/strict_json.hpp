// Strict reading of JSON configuration.
//
// A file is parsed whole (// and /* */ comments are accepted, duplicate keys are not), then each
// object is read through an ObjectReader, which checks type and range of every field and rejects
// keys that nobody asked for, naming the nearest one that is known. The first error is kept and the
// rest of the reading becomes harmless, so that a reader is written as straight-line code:
//
//   MaybeError error;
//   ObjectReader in(json, "scenario.json", error);
//   const double rate = in.number("rate_hz", above(0, 1e6));
//   in.reject_unknown_keys();
//   if (error) return *error;
//
// Thread-safety: none needed; an ObjectReader lives on one stack and borrows the Json and the error.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/base/result.hpp"

namespace wattline {

using Json = nlohmann::json;
using OrderedJson = nlohmann::ordered_json;  // for writing: keys stay in the order they were set

// A whole text file of at most `max_bytes`. Errors name the path.
Result<std::string> read_text_file(const std::string& path, std::size_t max_bytes = std::size_t{64} << 20);

// `name` is what messages call the text (a path); syntax errors carry line and column.
Result<Json> parse_json(const std::string& text, const std::string& name);
Result<Json> read_json_file(const std::string& path);

// The accepted range of a number; `open_low` excludes the lower bound itself.
struct Range {
  double low;
  double high;
  bool open_low = false;
};
constexpr Range between(double low, double high) {
  return {low, high, false};
}
constexpr Range above(double low, double high) {
  return {low, high, true};
}

// "a number above 0 and at most 1", for messages.
std::string described(Range range);

// The fields that a file left out, with the values that were taken instead, in the order of reading:
// with the file itself, the resolved configuration.
struct Defaulted {
  std::string field;  // "scenario.json: train: batch"
  Json value;
};

class ObjectReader {
 public:
  // `where` names the object in messages ("scenario.json" or "scenario.json: train"). Defaults that are
  // taken are appended to `defaulted`, if given; both are borrowed.
  ObjectReader(const Json& object, std::string where, MaybeError& first_error,
               std::vector<Defaulted>* defaulted = nullptr);

  bool has(const std::string& key);

  // Required fields. After an error they return a value inside the range, or empty text.
  double number(const std::string& key, Range accepted);
  std::int64_t integer(const std::string& key, std::int64_t low, std::int64_t high);
  std::string text(const std::string& key);
  // One of `known`; anything else is an error that names the nearest.
  std::string choice(const std::string& key, const std::vector<std::string>& known);
  // A list of numbers, or {"from": a, "to": b, "step": c} with both ends included. Never empty.
  std::vector<double> numbers(const std::string& key, Range accepted);
  std::vector<std::int64_t> integers(const std::string& key, std::int64_t low, std::int64_t high);
  ObjectReader object(const std::string& key);
  // A non-empty list of objects.
  std::vector<ObjectReader> objects(const std::string& key);
  const Json& any(const std::string& key);

  // Fields with a default.
  double number_or(const std::string& key, Range accepted, double fallback);
  std::int64_t integer_or(const std::string& key, std::int64_t low, std::int64_t high, std::int64_t fallback);
  std::string text_or(const std::string& key, const std::string& fallback);
  std::string choice_or(const std::string& key, const std::vector<std::string>& known,
                        const std::string& fallback);
  bool boolean_or(const std::string& key, bool fallback);

  // Records an error about this field or, with an empty key, about the object; the first one wins.
  void fail(const std::string& key, const std::string& message);
  bool failed() const { return first_error_->has_value(); }

  // Call once all fields were asked for: any other key in the object is an error.
  void reject_unknown_keys();

  const std::string& where() const { return where_; }

 private:
  const Json* find(const std::string& key, bool required);
  std::string field_name(const std::string& key) const;
  static std::vector<double> numbers_in_range(ObjectReader range, Range accepted);
  template <class T>
  T fallen_back(const std::string& key, T fallback);

  const Json* object_;
  std::string where_;
  MaybeError* first_error_;
  std::vector<Defaulted>* defaulted_;
  std::vector<std::string> asked_;
};

}  // namespace wattline
