// Errors as values.
//
// A function that can fail returns Result<T>: either a T or an Error. Exceptions are used only at
// the edge (the command line). Thread-safety: value types, no shared state.
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace wattline {

// What went wrong, for a person: names the file, the field or line, the value and what is accepted.
struct Error {
  enum class Kind {
    bad_input,  // the user's input or usage; exit status 2
    failed      // a run or a check failed; exit status 1
  };
  std::string message;
  Kind kind = Kind::bad_input;
};

inline Error bad_input(std::string message) {
  return {std::move(message), Error::Kind::bad_input};
}
inline Error failure(std::string message) {
  return {std::move(message), Error::Kind::failed};
}

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::move(value)) {}      // NOLINT: implicit by design
  Result(Error error) : state_(std::move(error)) {}  // NOLINT: implicit by design

  explicit operator bool() const { return std::holds_alternative<T>(state_); }
  bool ok() const { return std::holds_alternative<T>(state_); }

  // Precondition for the four below: ok().
  const T& operator*() const& { return std::get<T>(state_); }
  T& operator*() & { return std::get<T>(state_); }
  T&& operator*() && { return std::get<T>(std::move(state_)); }
  const T* operator->() const { return &std::get<T>(state_); }
  T* operator->() { return &std::get<T>(state_); }

  // Precondition: !ok().
  const Error& error() const { return std::get<Error>(state_); }

 private:
  std::variant<T, Error> state_;
};

// The outcome of something that yields nothing: empty means success.
using MaybeError = std::optional<Error>;

}  // namespace wattline
