# An overlay port of this tree: vcpkg install wirespan --overlay-ports=.packaging/vcpkg
get_filename_component(SOURCE_PATH "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

vcpkg_check_features(OUT_FEATURE_OPTIONS FEATURE_OPTIONS
  FEATURES
    deflate WIRESPAN_DEFLATE
    libdeflate WIRESPAN_LIBDEFLATE
    tls WIRESPAN_TLS)

vcpkg_cmake_configure(SOURCE_PATH "${SOURCE_PATH}"
  OPTIONS ${FEATURE_OPTIONS} -DWIRESPAN_TESTS=OFF -DWIRESPAN_TOOLS=OFF -DWIRESPAN_BENCH=OFF
          -DWIRESPAN_FUZZ=OFF -DWIRESPAN_PSL=OFF)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH lib/cmake/wirespan)
vcpkg_fixup_pkgconfig()
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
