file(REMOVE_RECURSE
  "libwirespan_core.a"
)
