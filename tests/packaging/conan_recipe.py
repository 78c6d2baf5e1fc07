#!/usr/bin/env python3
"""conan_recipe.py SOURCE WORK VERSION: goes through the recipe as Conan does, with stand-ins for the few
names of Conan that it uses: what it exports is built by itself in WORK/export, with the system's
dependencies, and what package_info() says is held against what was installed. Prints the options to link the
component wirespan with."""

import collections
import importlib.util
import pathlib
import shutil
import subprocess
import sys
import types


class Attributes(types.SimpleNamespace):
    def __getattr__(self, name):  # an option that a recipe asks for and does not have
        raise SystemExit(f"conanfile.py: no option {name}")


class Component:
    def __init__(self):
        self.libs, self.requires, self.system_libs, self.properties = [], [], [], {}

    def set_property(self, name, value):
        self.properties[name] = value


class CppInfo(Component):
    def __init__(self):
        super().__init__()
        self.components = collections.defaultdict(Component)


class Recipe:
    def __init__(self):
        self.required, self.cpp_info = [], CppInfo()
        self.options = Attributes(**self.default_options)

    def requires(self, reference):
        self.required.append(reference)


class Toolchain:
    def __init__(self, recipe):
        self.recipe, self.cache_variables = recipe, {}

    def generate(self):
        self.recipe.variables = self.cache_variables


class Deps:
    def __init__(self, recipe):
        pass

    def generate(self):
        pass


class CMake:
    def __init__(self, recipe):
        self.recipe = recipe

    def configure(self):
        variables = {**self.recipe.variables, "CMAKE_BUILD_TYPE": "Release", "CMAKE_INSTALL_LIBDIR": "lib",
                     "WIRESPAN_UNITY": True, "WIRESPAN_UNITY_LAYERS": True}
        settings = [f"-D{name}={'ON' if value is True else 'OFF' if value is False else value}"
                    for name, value in variables.items()]
        subprocess.run(["cmake", "-S", self.recipe.source_folder, "-B", self.recipe.build_folder, *settings],
                       check=True, stdout=sys.stderr)

    def build(self):
        subprocess.run(["cmake", "--build", self.recipe.build_folder, "-j"], check=True, stdout=sys.stderr)

    def install(self):
        subprocess.run(["cmake", "--install", self.recipe.build_folder, "--prefix", self.recipe.package_folder],
                       check=True, stdout=sys.stderr)


def copy(recipe, pattern, source, target):
    """Copies what a pattern finds, with its place below `source`."""
    source, target = pathlib.Path(source), pathlib.Path(target)
    for path in source.glob(pattern):
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.copytree(path, place)
        else:
            shutil.copy(path, place)


def stand_in():
    modules = {
        "conan": {"ConanFile": Recipe},
        "conan.tools": {},
        "conan.tools.build": {"check_min_cppstd": lambda recipe, standard: None},
        "conan.tools.cmake": {"CMake": CMake, "CMakeDeps": Deps, "CMakeToolchain": Toolchain,
                              "cmake_layout": lambda recipe: None},
        "conan.tools.files": {"copy": copy, "rmdir": lambda recipe, path: shutil.rmtree(path)},
    }
    for name, names in modules.items():
        module = types.ModuleType(name)
        vars(module).update(names)
        sys.modules[name] = module


def link_options(recipe):
    """The libraries of the component wirespan and of all that it requires, each before those that it needs."""
    options, waiting = [], ["wirespan"]
    system = {"zlib::zlib": "-lz", "openssl::openssl": "-lssl -lcrypto"}
    while waiting:
        name = waiting.pop(0)
        if name in system:
            options.append(system[name])
            continue
        component = recipe.cpp_info.components[name]
        options += [f"-l{library}" for library in component.libs]
        waiting += component.requires
        options += [f"-l{library}" for library in component.system_libs]
    return options


def main():
    source, work, version = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
    stand_in()
    spec = importlib.util.spec_from_file_location("conanfile", source / ".packaging/conan/conanfile.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    recipe = module.Wirespan()
    if recipe.version != version:
        raise SystemExit(f"conanfile.py says version {recipe.version}, CMakeLists.txt {version}")
    recipe.recipe_folder = str(source / ".packaging/conan")
    recipe.export_sources_folder = recipe.source_folder = str(work / "export")
    recipe.build_folder = str(work / "build")
    recipe.package_folder = str(work / "package")
    for step in ("export_sources", "validate", "layout", "requirements", "generate", "build", "package", "package_info"):
        getattr(recipe, step)()
    installed = sorted(path.stem[3:] for path in (work / "package/lib").glob("lib*.a"))
    named = sorted(library for part in recipe.cpp_info.components.values() for library in part.libs)
    if installed != named:
        raise SystemExit(f"conanfile.py: package_info() names {named}, installed are {installed}")
    print(*link_options(recipe))


if __name__ == "__main__":
    main()
