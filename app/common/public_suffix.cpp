// public_suffix.cpp - asks libpsl about public suffixes, if the build has it. RFC 6265 §5.3.
#include <string>

#include <wirespan/app/common/public_suffix.hpp>

#ifdef WIRESPAN_HAS_PSL
#include <memory>

#include <libpsl.h>
#endif

namespace wirespan {
namespace {

#ifdef WIRESPAN_HAS_PSL
struct FreeList {
  void operator()(psl_ctx_t* list) const noexcept { psl_free(list); }
};

/// The distribution's list, or the one inside libpsl if that is newer; null if there is none. It is
/// loaded by the first call and never changes.
const psl_ctx_t* public_suffix_list() noexcept {
  static const std::unique_ptr<psl_ctx_t, FreeList> list(psl_latest(nullptr));
  return list ? list.get() : psl_builtin();
}
#endif

}  // namespace

bool has_public_suffix_list() noexcept {
#ifdef WIRESPAN_HAS_PSL
  return public_suffix_list() != nullptr;
#else
  return false;
#endif
}

bool is_public_suffix(std::string_view domain) {
#ifdef WIRESPAN_HAS_PSL
  if (const psl_ctx_t* list = public_suffix_list()) {
    return psl_is_public_suffix(list, std::string(domain).c_str()) != 0;
  }
#endif
  return lacks_inner_dot(domain);
}

bool lacks_inner_dot(std::string_view domain) noexcept {
  const std::size_t dot = domain.find('.', 1);
  return dot == std::string_view::npos || dot + 1 >= domain.size();
}

}  // namespace wirespan
