"""Compiles the .pyx modules where a C++ compiler is; without one the project is pure Python.

hatchling asks for it when it makes a wheel or an editable install, and a developer with
`python hatch_build.py`: what is out of date is compiled, and lies beside its .pyx.
NBA_PURE=1 in the environment asks for pure Python.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import Any, Final

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT: Final = Path(__file__).resolve().parent
PACKAGES: Final = ("nba", "envs", "experiments", "serving")
SOURCES: Final = (".pyx", ".pxd", ".h")
LIBRARIES: Final = (".so", ".pyd")
SUFFIX: Final = str(sysconfig.get_config_var("EXT_SUFFIX"))  # with the Python that it is for
GENERATED: Final = "build/cython"
LOG: Final = "build/compile.log"
JOBS: Final = 2

# A product is rounded before it is added, or two processors would not give the same bits. The
# order counts: what the environment's own flags allow is taken back here.
FLAGS: Final = (
    ["/O2", "/std:c++17", "/fp:precise"]
    if os.name == "nt"
    else ["-std=c++17", "-O3", "-g0", "-fno-fast-math", "-ffp-contract=off"]
)
DIRECTIVES: Final = {
    "language_level": 3,
    "boundscheck": False,
    "wraparound": False,
    "cdivision": True,
    "initializedcheck": False,
    "embedsignature": False,
}


class NotCompiledError(Exception):
    """The compiled modules cannot be made here; its text says why."""


class CompileHook(BuildHookInterface[BuilderConfig]):
    """Puts the compiled modules into a wheel, or says in one line why there are none."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if pure_is_asked() and version != "editable":
            return  # a wheel for elsewhere: what is compiled in this tree may stay
        command = [sys.executable, str(ROOT / "hatch_build.py")]
        # In a process of its own: setuptools changes the one that imports it.
        done = subprocess.run(
            command, capture_output=True, text=True, errors="replace", check=False
        )
        if done.returncode:
            keep(done.stdout + done.stderr)
            last = done.stderr.strip().rpartition("\n")[2]
            sys.stderr.write(f"{last} The compiler's own words are in {LOG}.\n")
        elif not pure_is_asked() and (made := [built(source) for source in modules()]):
            build_data["pure_python"] = False
            build_data["infer_tag"] = True
            build_data["artifacts"] += [f"/{path.relative_to(ROOT).as_posix()}" for path in made]


def main() -> int:
    """0 if every .pyx is compiled and up to date, or none is wanted; 1 if they cannot be."""
    fresh: list[Path] = []
    try:
        if not pure_is_asked():
            fresh = compile_modules(modules())
    except NotCompiledError as error:
        sys.stderr.write(
            f"warning: {len(modules())} modules were not compiled ({error}); all works without "
            "them, but a decision costs several times as much. Install a C++ compiler (Debian: "
            "apt-get install g++ python3-dev) and install again, or ask for this with NBA_PURE=1.\n"
        )
        return 1
    finally:
        for path in stale(fresh):
            path.unlink(missing_ok=True)
    return 0


def pure_is_asked() -> bool:
    """Whether nothing shall be compiled."""
    return os.environ.get("NBA_PURE", "") not in {"", "0"}


def modules() -> list[Path]:
    """Every .pyx of the packages."""
    return found(".pyx")


def found(*suffixes: str) -> list[Path]:
    """The files of the packages that end so."""
    files = [path for package in PACKAGES for path in (ROOT / package).rglob("*")]
    return sorted(path for path in files if path.suffix in suffixes)


def name(source: Path) -> str:
    """The full name of the module of a .pyx."""
    return ".".join(source.relative_to(ROOT).with_suffix("").parts)


def built(source: Path) -> Path:
    """The compiled module of a .pyx, for the Python that runs this."""
    return source.with_suffix(SUFFIX)


def compile_modules(sources: list[Path]) -> list[Path]:
    """The compiled modules, made anew where they were out of date: all of them, or an error."""
    targets = [built(source) for source in sources]
    if all(target.exists() and target.stat().st_mtime >= newest_source() for target in targets):
        return targets
    header = Path(sysconfig.get_path("include"), "Python.h")
    if not header.exists():
        raise NotCompiledError(f"{header} is not there")
    begun = time.time()
    try:
        for library, target in zip(build(sources), targets, strict=True):
            beside = target.with_name(f"{target.name}.new")
            shutil.copy(library, beside)
            os.utime(beside, (begun, begun))  # what was edited since is newer
            beside.replace(target)  # in one step: a process may be loading it
    except OSError as error:
        raise NotCompiledError(str(error)) from error
    return targets


def newest_source() -> float:
    """When a source was changed last, in seconds since the epoch.

    Cython's own files do not count: in the environment that pip makes for a build, all are new.
    """
    return max(path.stat().st_mtime for path in [*found(*SOURCES), Path(__file__)])


def build(sources: list[Path]) -> list[Path]:
    """The libraries of these sources, under build/."""
    try:
        from Cython.Build import cythonize
        from Cython.Compiler.Errors import CompileError
        from setuptools import Distribution, Extension  # type: ignore[import-untyped]  # no types
        from setuptools.command.build_ext import (  # type: ignore[import-untyped]  # the same
            build_ext,
        )
        from setuptools.errors import (  # type: ignore[import-untyped]  # the same
            BaseError,
            CCompilerError,
        )
    except ImportError as error:
        raise NotCompiledError(str(error)) from error
    os.chdir(ROOT)  # the paths in what is generated are relative
    own = Path(__file__).stat().st_mtime
    generated = Path(GENERATED).rglob("*.cpp")
    extensions = [
        Extension(
            name(path),
            [str(path.relative_to(ROOT))],
            language="c++",
            include_dirs=["."],
            extra_compile_args=FLAGS,
        )
        for path in sources
    ]
    name_compiler()
    try:
        extensions = cythonize(  # type: ignore[no-untyped-call]  # Cython tells no types
            extensions,
            nthreads=JOBS,
            build_dir=GENERATED,
            include_path=["."],
            compiler_directives=DIRECTIVES,
            force=any(path.stat().st_mtime < own for path in generated),
        )
        command = build_ext(Distribution({"name": "nba-engine", "ext_modules": extensions}))
        command.parallel = JOBS
        command.ensure_finalized()
        command.run()
    except (CompileError, BaseError, CCompilerError) as error:
        raise NotCompiledError(shortened(str(error))) from error
    return [Path(command.get_ext_fullpath(name(path))) for path in sources]


def shortened(text: str) -> str:
    """Its first and last words: a command is told with all of its arguments."""
    line = " ".join(text.split())
    return line if len(line) < 120 else f"{line[:40]} … {line[-40:]}"


def name_compiler() -> None:
    """Names another compiler where that of the machine that built this Python is not here."""
    usual = str(sysconfig.get_config_var("CXX") or "").partition(" ")[0]
    if os.name == "nt" or "CXX" in os.environ or shutil.which(usual):
        return
    here = next(filter(shutil.which, ("c++", "g++", "clang++")), None)
    if here:
        linker = str(sysconfig.get_config_var("LDCXXSHARED") or "c++ -shared").split()
        os.environ["CXX"] = here
        os.environ.setdefault("LDCXXSHARED", " ".join([here, *linker[1:]]))


def stale(fresh: list[Path]) -> list[Path]:
    """The compiled modules that do not fit the sources: their code would run unnoticed."""
    sources = [path.with_suffix("") for path in modules()]
    return [
        path
        for path in found(*LIBRARIES)
        if path not in fresh
        and (
            path.name.endswith(SUFFIX)
            or path.stat().st_mtime < newest_source()  # of another Python, which makes it anew
            or path.with_name(path.name.partition(".")[0]) not in sources
        )
    ]


def keep(output: str) -> None:
    """Leaves what the compiler said where it can be read: pip shows nothing of it."""
    try:
        (ROOT / LOG).parent.mkdir(exist_ok=True)
        (ROOT / LOG).write_text(output, encoding="utf-8")
    except OSError as error:
        sys.stderr.write(f"{LOG} cannot be written ({error})\n")


if __name__ == "__main__":
    sys.exit(main())
