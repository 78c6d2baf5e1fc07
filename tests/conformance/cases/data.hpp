// data.hpp - the contents of compressed messages: five kinds, generated, the same in every run.
#pragma once

#include <memory>
#include <vector>

#include "wire/octets.hpp"

namespace conformance {

enum class Nature : std::uint8_t { json, image, prose, html, dense };

/// Contents of one kind, from which messages are cut one after the other, around the end.
class Content {
 public:
  explicit Content(Nature nature);

  /// Returns message number `index` of `size` octets, or characters if the content is text.
  [[nodiscard]] Octets window(std::size_t index, std::size_t size) const;
  [[nodiscard]] bool is_text() const noexcept { return text_; }
  [[nodiscard]] const Octets& octets() const noexcept { return octets_; }

  /// Returns the one object of a kind, made on first use and shared by all cases.
  static std::shared_ptr<const Content> of(Nature nature);

 private:
  [[nodiscard]] std::size_t offset_of(std::size_t unit) const noexcept;
  [[nodiscard]] std::size_t units() const noexcept;

  bool text_;
  Octets octets_;
  std::vector<std::uint32_t> characters_;  ///< Offsets of characters; empty if all are one octet.
};

}  // namespace conformance
