// secret.hpp - text that is erased from memory when nobody needs it any more.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <wirespan/core/cxx20.hpp>

namespace wirespan::tls {

/// A secret text, such as a private key in PEM. Each copy overwrites its bytes before it gives them
/// back: when it is destroyed, cleared, moved from or assigned to. The text that it is made from
/// stays the caller's.
class Secret {
 public:
  Secret() = default;
  /// A copy of the text.
  Secret(std::string_view text) : text_(text) {}    // NOLINT: a text may be given for a secret
  Secret(const std::string& text) : text_(text) {}  // NOLINT
  Secret(const char* text) : text_(text) {}         // NOLINT

  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept { text_.swap(other.text_); }
  Secret& operator=(Secret other) noexcept {  // `other` erases the earlier text
    text_.swap(other.text_);
    return *this;
  }
  ~Secret() { clear(); }

  /// Erases the text; then it is empty.
  void clear() noexcept;
  /// True for a secret that is not set.
  [[nodiscard]] bool empty() const noexcept { return text_.empty(); }
  /// Returns the text. Borrowed: valid until this object changes.
  [[nodiscard]] std::string_view text() const noexcept { return text_; }

 private:
  std::string text_;
};

}  // namespace wirespan::tls
