#include "sim/base/strict_json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <fstream>
#include <set>
#include <sstream>

#include "sim/base/printable.hpp"
#include "sim/base/text.hpp"

namespace wattline {

namespace {

constexpr std::size_t longest_list = 1'000'000;
constexpr std::size_t longest_text = 4000;  // a path, a label, the source of a value
constexpr int deepest_nesting = 100;        // far more than any format of ours; printing a value recurses

// The whole number in `value`, if it is one from low to high. A number beyond 64 bits is none.
std::optional<std::int64_t> whole_between(const Json& value, std::int64_t low, std::int64_t high) {
  if (!value.is_number_integer()) return std::nullopt;
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX))
    return std::nullopt;
  const auto number = value.get<std::int64_t>();
  return number >= low && number <= high ? std::optional(number) : std::nullopt;
}

// A value as it stands in the file, cut where it would flood a message.
std::string quoted(const Json& value) {
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > 80) text = text.substr(0, 77) + "...";
  return text;
}

bool contains(Range range, double value) {
  return std::isfinite(value) && value <= range.high &&
         (range.open_low ? value > range.low : value >= range.low);
}

// "line 3, column 7" of byte `offset` (counted from 1, as nlohmann does).
std::string position_in(const std::string& text, std::size_t offset) {
  const std::size_t end = std::min(offset > 0 ? offset - 1 : 0, text.size());
  std::size_t line = 1, column = 1;
  for (std::size_t i = 0; i < end; ++i) {
    column = text[i] == '\n' ? 1 : column + 1;
    if (text[i] == '\n') ++line;
  }
  return fmt::format("line {}, column {}", line, column);
}

// Wraps a field that holds what an ObjectReader expects to be an object but is not.
const Json& empty_object() {
  static const Json empty = Json::object();
  return empty;
}

}  // namespace

std::string described(Range range) {
  const bool unbounded = !std::isfinite(range.high);
  if (unbounded)
    return fmt::format("a number {} {}", range.open_low ? "above" : "of at least", shortest(range.low));
  return fmt::format("a number {} {} and at most {}", range.open_low ? "above" : "of at least",
                     shortest(range.low), shortest(range.high));
}

Result<std::string> read_text_file(const std::string& path, std::size_t max_bytes) {
  const std::string name = printable(path);
  std::ifstream file(path, std::ios::binary);
  if (!file) return bad_input(fmt::format("{}: cannot be opened; a readable file is expected", name));
  std::string text;
  std::vector<char> block(std::size_t{1} << 16);
  while (file.read(block.data(), static_cast<std::streamsize>(block.size())) || file.gcount() > 0) {
    text.append(block.data(), static_cast<std::size_t>(file.gcount()));
    if (text.size() > max_bytes) {
      return bad_input(fmt::format("{}: larger than the {} bytes accepted", name, max_bytes));
    }
  }
  if (file.bad() || !file.eof()) return bad_input(fmt::format("{}: cannot be read; is it a file?", name));
  return text;
}

Result<Json> parse_json(const std::string& text, const std::string& name) {
  struct TooDeep {};  // ends the parsing at once: what is nested millions deep would take gigabytes
  if (text.find_first_not_of(" \t\r\n") == std::string::npos)
    return bad_input(fmt::format("{}: empty; a JSON object is expected", name));
  // The library takes it for the end of the text, whatever follows.
  if (const auto nul = text.find('\0'); nul != std::string::npos)
    return bad_input(fmt::format("{}: {}: not valid JSON: a NUL byte", name, position_in(text, nul + 1)));
  std::vector<std::set<std::string>> open_objects;
  std::string duplicate;
  const auto watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth > deepest_nesting) throw TooDeep{};
    if (event == Json::parse_event_t::object_start) open_objects.emplace_back();
    if (event == Json::parse_event_t::object_end) open_objects.pop_back();
    if (event == Json::parse_event_t::key && !open_objects.back().insert(parsed.get<std::string>()).second &&
        duplicate.empty()) {
      duplicate = parsed.get<std::string>();
    }
    return true;
  };
  try {
    Json json = Json::parse(text, watch, true, true);
    if (!duplicate.empty())
      return bad_input(fmt::format("{}: key '{}' appears twice in one object", name, duplicate));
    return json;
  } catch (const TooDeep&) {
    return bad_input(fmt::format("{}: nested deeper than {} levels", name, deepest_nesting));
  } catch (const Json::parse_error& error) {
    std::string reason = error.what();
    // nlohmann's text is "[json.exception...] parse error at line 1, column 2: reason".
    if (const auto colon = reason.find(": "); colon != std::string::npos) reason = reason.substr(colon + 2);
    const char* hint = error.byte > text.size() ? "; the file ends here and looks cut off" : "";
    return bad_input(
        fmt::format("{}: {}: not valid JSON: {}{}", name, position_in(text, error.byte), reason, hint));
  } catch (const Json::exception& error) {
    std::string reason = error.what();  // "[json.exception.out_of_range.406] number overflow parsing '1e999'"
    if (const auto bracket = reason.find("] "); bracket != std::string::npos)
      reason = reason.substr(bracket + 2);
    return bad_input(fmt::format("{}: not valid JSON: {}", name, reason));
  }
}

Result<Json> read_json_file(const std::string& path) {
  const auto text = read_text_file(path);
  if (!text) return text.error();
  return parse_json(*text, path);
}

ObjectReader::ObjectReader(const Json& object, std::string where, MaybeError& first_error,
                           std::vector<Defaulted>* defaulted)
    : object_(&object), where_(std::move(where)), first_error_(&first_error), defaulted_(defaulted) {
  if (!object.is_object()) {
    fail("", fmt::format("an object {{...}} is expected, not {}", quoted(object)));
    object_ = &empty_object();
  }
}

std::string ObjectReader::field_name(const std::string& key) const {
  return key.empty() ? where_ : fmt::format("{}: {}", where_, key);
}

void ObjectReader::fail(const std::string& key, const std::string& message) {
  if (!*first_error_) *first_error_ = bad_input(fmt::format("{}: {}", field_name(key), message));
}

const Json* ObjectReader::find(const std::string& key, bool required) {
  asked_.push_back(key);
  const auto found = object_->find(key);
  if (found != object_->end()) return &*found;
  if (required) {
    std::vector<std::string> present;
    for (const auto& [name, value] : object_->items()) present.push_back(name);
    fail(key, present.empty() ? "missing" : fmt::format("missing; the keys given are: {}", joined(present)));
  }
  return nullptr;
}

bool ObjectReader::has(const std::string& key) {
  return find(key, false) != nullptr;
}

double ObjectReader::number(const std::string& key, Range accepted) {
  const Json* value = find(key, true);
  if (value && value->is_number() && contains(accepted, value->get<double>())) return value->get<double>();
  if (value)
    fail(key, fmt::format("{} is not accepted; {} is expected", quoted(*value), described(accepted)));
  return std::isfinite(accepted.high) ? accepted.high : accepted.low + 1;
}

std::int64_t ObjectReader::integer(const std::string& key, std::int64_t low, std::int64_t high) {
  const Json* value = find(key, true);
  const auto number = value ? whole_between(*value, low, high) : std::nullopt;
  if (value && !number) {
    fail(key, fmt::format("{} is not accepted; a whole number from {} to {} is expected", quoted(*value), low,
                          high));
  }
  return number.value_or(low);
}

std::string ObjectReader::text(const std::string& key) {
  const Json* value = find(key, true);
  if (!value) return {};
  const std::string text = value->is_string() ? value->get<std::string>() : std::string{};
  const bool printable = std::none_of(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (!text.empty() && printable && text.size() <= longest_text) return text;
  fail(key, fmt::format("{} is not accepted; a text of 1 to {} bytes without control characters is expected",
                        quoted(*value), longest_text));
  return {};
}

std::string ObjectReader::choice(const std::string& key, const std::vector<std::string>& known) {
  const std::string name = text(key);
  if (failed()) return known.front();
  if (std::find(known.begin(), known.end(), name) != known.end()) return name;
  fail(key, unknown_name_message("value", name, known));
  return known.front();
}

namespace {

// The number that twelve digits say: 3 + 9 * 0.6 is 8.4 to whoever wrote the range, not 8.399999999999999.
double in_twelve_digits(double value) {
  const std::string text = fmt::format("{:.12g}", value);
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

std::vector<double> ObjectReader::numbers_in_range(ObjectReader range, Range accepted) {
  const double from = range.number("from", accepted);
  const double to = range.number("to", accepted);
  const double step = range.number("step", above(0, accepted.high));
  range.reject_unknown_keys();
  if (range.failed()) return {};
  // Rounding must neither drop the end nor pass it.
  const double count = std::floor((to - from) / step + 1e-9) + 1;
  if (count < 1) range.fail("to", fmt::format("{} is below 'from' {}", shortest(to), shortest(from)));
  if (count > static_cast<double>(longest_list)) range.fail("step", "gives more than a million values");
  std::vector<double> list;
  for (int i = 0; !range.failed() && i < static_cast<int>(count); ++i)
    list.push_back(std::min(in_twelve_digits(from + i * step), to));
  return list;
}

std::vector<double> ObjectReader::numbers(const std::string& key, Range accepted) {
  const Json* value = find(key, true);
  std::vector<double> list;
  if (value && value->is_object()) {
    list = numbers_in_range({*value, field_name(key), *first_error_, defaulted_}, accepted);
  } else if (value && value->is_array() && !value->empty()) {
    for (const Json& element : *value) {
      if (!element.is_number() || !contains(accepted, element.get<double>())) {
        fail(key, fmt::format("{} is not accepted; {} is expected", quoted(element), described(accepted)));
        break;
      }
      list.push_back(element.get<double>());
    }
  } else if (value) {
    fail(key,
         fmt::format("{} is not accepted; a list of numbers or {{\"from\", \"to\", \"step\"}} is expected",
                     quoted(*value)));
  }
  return list.empty() ? std::vector{accepted.high} : list;
}

std::vector<std::int64_t> ObjectReader::integers(const std::string& key, std::int64_t low,
                                                 std::int64_t high) {
  const Json* value = find(key, true);
  std::vector<std::int64_t> list;
  if (value && value->is_array() && !value->empty()) {
    for (const Json& element : *value) {
      const auto number = whole_between(element, low, high);
      if (!number) {
        fail(key, fmt::format("{} is not accepted; a whole number from {} to {} is expected", quoted(element),
                              low, high));
        break;
      }
      list.push_back(*number);
    }
  } else if (value) {
    fail(key, fmt::format("{} is not accepted; a list of whole numbers is expected", quoted(*value)));
  }
  return list.empty() ? std::vector{low} : list;
}

ObjectReader ObjectReader::object(const std::string& key) {
  const Json* value = find(key, true);
  return {value ? *value : empty_object(), field_name(key), *first_error_, defaulted_};
}

std::vector<ObjectReader> ObjectReader::objects(const std::string& key) {
  const Json* value = find(key, true);
  std::vector<ObjectReader> list;
  if (value && (!value->is_array() || value->empty())) {
    fail(key, fmt::format("{} is not accepted; a non-empty list of objects is expected", quoted(*value)));
  } else if (value) {
    for (std::size_t i = 0; i < value->size(); ++i) {
      list.emplace_back((*value)[i], fmt::format("{}: {}[{}]", where_, key, i), *first_error_, defaulted_);
    }
  }
  return list;
}

const Json& ObjectReader::any(const std::string& key) {
  const Json* value = find(key, true);
  return value ? *value : empty_object();
}

template <class T>
T ObjectReader::fallen_back(const std::string& key, T fallback) {
  if (defaulted_ && !failed()) defaulted_->push_back({field_name(key), fallback});
  return fallback;
}

double ObjectReader::number_or(const std::string& key, Range accepted, double fallback) {
  return has(key) ? number(key, accepted) : fallen_back(key, fallback);
}

std::int64_t ObjectReader::integer_or(const std::string& key, std::int64_t low, std::int64_t high,
                                      std::int64_t fallback) {
  return has(key) ? integer(key, low, high) : fallen_back(key, fallback);
}

std::string ObjectReader::text_or(const std::string& key, const std::string& fallback) {
  return has(key) ? text(key) : fallen_back(key, fallback);
}

std::string ObjectReader::choice_or(const std::string& key, const std::vector<std::string>& known,
                                    const std::string& fallback) {
  return has(key) ? choice(key, known) : fallen_back(key, fallback);
}

bool ObjectReader::boolean_or(const std::string& key, bool fallback) {
  const Json* value = find(key, false);
  if (!value) return fallen_back(key, fallback);
  if (!value->is_boolean())
    fail(key, fmt::format("{} is not accepted; true or false is expected", quoted(*value)));
  return value->is_boolean() ? value->get<bool>() : fallback;
}

void ObjectReader::reject_unknown_keys() {
  std::sort(asked_.begin(), asked_.end());
  asked_.erase(std::unique(asked_.begin(), asked_.end()), asked_.end());
  for (const auto& [key, value] : object_->items()) {
    if (!std::binary_search(asked_.begin(), asked_.end(), key))
      fail("", unknown_name_message("key", key, asked_));
  }
}

}  // namespace wattline
