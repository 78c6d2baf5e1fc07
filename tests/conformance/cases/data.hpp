// data.hpp - the contents of compressed messages: five natures, made here, the same in every run.
#pragma once

#include <memory>
#include <vector>

#include "wire/octets.hpp"

namespace conformance {

enum class Nature : std::uint8_t { json, image, prose, html, dense };

/// Contents through which a window slides from message to message, around the end.
class Content {
 public:
  explicit Content(Nature nature);

  /// Message number `index` of `size` octets; characters if the content is text.
  [[nodiscard]] Octets window(std::size_t index, std::size_t size) const;
  [[nodiscard]] bool is_text() const noexcept { return text_; }
  [[nodiscard]] const Octets& octets() const noexcept { return octets_; }

  /// Made once, shared by all cases.
  static std::shared_ptr<const Content> of(Nature nature);

 private:
  [[nodiscard]] std::size_t offset_of(std::size_t unit) const noexcept;
  [[nodiscard]] std::size_t units() const noexcept;

  bool text_;
  Octets octets_;
  std::vector<std::uint32_t> characters_;  ///< Where each begins; empty if all are one octet.
};

}  // namespace conformance
