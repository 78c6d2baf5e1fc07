"""Recipe of wirespan for Conan 2: conan create .packaging/conan --build=missing"""

import os

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, rmdir


class Wirespan(ConanFile):
    name = "wirespan"
    version = "0.1.0"
    license = "MIT"
    description = "WebSocket client and server for systems code (RFC 6455, RFC 7692)"
    topics = ("websocket", "rfc6455", "rfc7692", "network")
    package_type = "library"
    settings = "os", "arch", "compiler", "build_type"
    options = {"shared": [True, False], "fPIC": [True, False], "tls": [True, False],
               "deflate": [True, False], "libdeflate": [True, False]}
    default_options = {"shared": False, "fPIC": True, "tls": True, "deflate": True, "libdeflate": False}
    implements = ["auto_shared_fpic"]

    def export_sources(self):
        root = os.path.join(self.recipe_folder, "..", "..")
        for pattern in ("CMakeLists.txt", "LICENSE", "core/*", "net/*", "tls/*", "app/*", ".packaging/*"):
            copy(self, pattern, root, self.export_sources_folder)

    def validate(self):
        check_min_cppstd(self, 20)

    def layout(self):
        cmake_layout(self)

    def requirements(self):
        if self.options.tls:
            self.requires("openssl/[>=3.0 <4]")
        if self.options.deflate:
            self.requires("zlib/[>=1.2.13 <2]")
        if self.options.libdeflate:
            self.requires("libdeflate/[>=1.14 <2]")

    def generate(self):
        CMakeDeps(self).generate()
        toolchain = CMakeToolchain(self)
        for part in ("TESTS", "TOOLS", "BENCH", "FUZZ", "PSL"):
            toolchain.cache_variables[f"WIRESPAN_{part}"] = False
        for option in ("tls", "deflate", "libdeflate"):
            toolchain.cache_variables[f"WIRESPAN_{option.upper()}"] = bool(getattr(self.options, option))
        toolchain.generate()

    def build(self):
        cmake = CMake(self)
        cmake.configure()
        cmake.build()

    def package(self):
        copy(self, "LICENSE", self.source_folder, f"{self.package_folder}/licenses")
        CMake(self).install()
        rmdir(self, f"{self.package_folder}/lib/cmake")
        rmdir(self, f"{self.package_folder}/lib/pkgconfig")

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "wirespan")
        needs = {"core": [], "net": ["core"], "tls": ["net"], "app": ["tls"]}
        if self.options.deflate:
            needs["core"].append("zlib::zlib")
        if self.options.libdeflate:
            needs["core"].append("libdeflate::libdeflate")
        if self.options.tls:
            needs["tls"].append("openssl::openssl")
        for layer, requires in needs.items():
            component = self.cpp_info.components[layer]
            component.libs = [f"wirespan_{layer}"]
            component.requires = requires
            component.set_property("cmake_target_name", f"wirespan::{layer}")
            component.set_property("pkg_config_name", f"wirespan-{layer}")
        self.cpp_info.components["net"].system_libs = ["pthread"]
        everything = self.cpp_info.components["wirespan"]
        everything.requires = ["app"]
        everything.set_property("cmake_target_name", "wirespan::wirespan")
