// Strict reading of values that say where they come from (the rule is in spec_reader.cpp), on top of
// ObjectReader and with its habit: the first error is kept, what follows is harmless.
//
// Thread-safety: none needed; lives on one stack and borrows the Json, the error and the provenance.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "devices/device_spec.hpp"
#include "sim/base/strict_json.hpp"

namespace wattline::devices {

struct Origin {
  std::string confidence;
  std::string source;
};

inline Origin read_origin(ObjectReader& in) {
  static const std::vector<std::string> known = {"datasheet", "measured", "fitted", "public", "estimated"};
  Origin origin;
  origin.confidence = in.choice("confidence", known);
  origin.source = in.text("source");
  return origin;
}

inline std::vector<std::int32_t> narrowed(const std::vector<std::int64_t>& values) {
  std::vector<std::int32_t> narrow(values.size());
  std::transform(values.begin(), values.end(), narrow.begin(),
                 [](std::int64_t value) { return static_cast<std::int32_t>(value); });
  return narrow;
}

// Reads the values of one object, and notes for each where it comes from.
class SourcedReader {
 public:
  // `path` is what provenance calls the object ("power.gpu").
  SourcedReader(ObjectReader in, std::string path, std::optional<Origin> inherited,
                std::vector<Provenance>& provenance)
      : in_(std::move(in)), path_(std::move(path)), origin_(std::move(inherited)), provenance_(&provenance) {
    const bool has_confidence = in_.has("confidence");
    if (in_.has("source") || has_confidence) origin_ = read_origin(in_);
  }

  // Reads `key` with read(reader, key), which is asked for either the bare value or the wrapped one.
  template <class Read>
  auto value(const std::string& key, Read read) {
    const Json& json = in_.any(key);
    if (!json.is_object()) {
      if (!origin_) fail(key, no_origin);
      note(key, json, origin_);
      return read(in_, key);
    }
    ObjectReader wrapped = in_.object(key);
    auto result = read(wrapped, std::string("value"));
    const Origin origin = read_origin(wrapped);
    wrapped.reject_unknown_keys();
    if (!in_.failed()) note(key, json.at("value"), origin);
    return result;
  }

  double number(const std::string& key, Range accepted) {
    return value(key, [&](ObjectReader& in, const std::string& k) { return in.number(k, accepted); });
  }
  std::int32_t integer(const std::string& key, std::int32_t low, std::int32_t high) {
    return static_cast<std::int32_t>(
        value(key, [&](ObjectReader& in, const std::string& k) { return in.integer(k, low, high); }));
  }
  std::string text(const std::string& key) {
    return value(key, [](ObjectReader& in, const std::string& k) { return in.text(k); });
  }
  std::string choice(const std::string& key, const std::vector<std::string>& known) {
    return value(key, [&](ObjectReader& in, const std::string& k) { return in.choice(k, known); });
  }
  std::vector<double> numbers(const std::string& key, Range accepted) {
    return value(key, [&](ObjectReader& in, const std::string& k) { return in.numbers(k, accepted); });
  }
  std::vector<std::int32_t> integers(const std::string& key, std::int32_t low, std::int32_t high) {
    return value(key,
                 [&](ObjectReader& in, const std::string& k) { return narrowed(in.integers(k, low, high)); });
  }

  bool boolean(const std::string& key) {
    return value(key, [](ObjectReader& in, const std::string& k) {
      const Json& json = in.any(k);
      if (!json.is_boolean())
        in.fail(k, fmt::format("{} is not accepted; true or false is expected", json.dump()));
      return json.is_boolean() && json.get<bool>();
    });
  }

  bool has(const std::string& key) { return in_.has(key); }
  // A name: not a fact, so without provenance.
  std::string name(const std::string& key = "name") { return in_.text(key); }
  std::string name_among(const std::string& key, const std::vector<std::string>& known) {
    return in_.choice(key, known);
  }

  // Names as well; empty where there are none.
  std::vector<std::string> names(const std::string& key) {
    std::vector<std::string> texts;
    if (!in_.has(key)) return texts;
    const Json& list = in_.any(key);
    if (!list.is_array()) fail(key, "a list of names is expected");
    for (const Json& text : list.is_array() ? list : Json::array()) {
      if (text.is_string()) texts.push_back(text.get<std::string>());
      if (!text.is_string() || texts.back().empty()) fail(key, fmt::format("{} is no name", text.dump()));
    }
    if (texts.empty()) fail(key, "a list of names is expected");
    return texts;
  }

  SourcedReader object(const std::string& key) {
    return {in_.object(key), path_.empty() ? key : path_ + "." + key, origin_, *provenance_};
  }
  // The members of a group; their names are non-empty and unique.
  std::vector<SourcedReader> group(const std::string& key) {
    SourcedReader whole = object(key);
    std::vector<SourcedReader> members;
    std::set<std::string> names;
    for (ObjectReader& member : whole.in_.objects("list")) {
      const std::string name = member.text("name");
      if (!names.insert(name).second) member.fail("name", fmt::format("'{}' appears twice", name));
      members.emplace_back(std::move(member), whole.path_ + "." + name, whole.origin_, *provenance_);
    }
    whole.done();
    return members;
  }

  void fail(const std::string& key, const std::string& message) { in_.fail(key, message); }
  bool failed() const { return in_.failed(); }
  void done() { in_.reject_unknown_keys(); }

 private:
  static constexpr const char* no_origin =
      "without provenance; give {\"value\": ..., \"confidence\": ..., \"source\": ...}, or "
      "\"confidence\" and \"source\" in an enclosing object";

  void note(const std::string& key, const Json& value, const std::optional<Origin>& origin) {
    if (in_.failed()) return;
    const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    provenance_->push_back({path_ + "." + key, text, origin->confidence, origin->source});
  }

  ObjectReader in_;
  std::string path_;
  std::optional<Origin> origin_;
  std::vector<Provenance>* provenance_;
};

}  // namespace wattline::devices
