"""The languages of runtimes that can run as a process, and where their version managers put them."""

from __future__ import annotations

from typing import Final

from samlocal.frozen_dataclass import frozen


@frozen
class Layout:
    """Where a version manager, or a system, puts the versions of a language.

    The first of `roots` that exists is used: a path, in which `~` is the home and `$NAME` a variable of the
    shell; one whose variable is not set is skipped. In it, `pattern` leads to the programs, and `*` stands for
    the version.
    """

    name: str
    roots: tuple[str, ...]
    pattern: str


@frozen
class Language:
    """A language: its programs in the order of preference, and the oldest version that can run a function.

    `installs` are commands that install a version `{version}`, by the program, or the variable of the shell, of what
    is needed for them. `versioned` is the program's name with its version. With `runs_newer`, a version runs
    what is made for a newer one.
    """

    name: str
    programs: tuple[str, ...]
    minimum: tuple[int, ...]
    layouts: tuple[Layout, ...]
    installs: tuple[tuple[str, str], ...]
    versioned: str | None = None
    runs_newer: bool = True


def _mise(tool: str, program: str) -> Layout:
    """https://mise.jdx.dev/directories.html."""
    roots = ("$MISE_DATA_DIR", "$XDG_DATA_HOME/mise", "~/.local/share/mise")
    return Layout(name="mise", roots=roots, pattern=f"installs/{tool}/*/bin/{program}")


def _asdf(tool: str, program: str) -> Layout:
    """https://asdf-vm.com/manage/configuration.html#asdf-data-dir."""
    roots = ("$ASDF_DATA_DIR", "~/.asdf")
    return Layout(name="asdf", roots=roots, pattern=f"installs/{tool}/*/bin/{program}")


def _homebrew(formula: str, program: str) -> Layout:
    """https://docs.brew.sh/Installation."""
    roots = ("$HOMEBREW_PREFIX", "/opt/homebrew", "/home/linuxbrew/.linuxbrew", "/usr/local")
    return Layout(name="Homebrew", roots=roots, pattern=f"opt/{formula}@*/bin/{program}")


_PYTHON: Final = Language(
    name="Python",
    programs=("python3", "python"),
    minimum=(3, 8),
    versioned="python{version}",
    layouts=(
        # https://github.com/pyenv/pyenv#environment-variables
        Layout(name="pyenv", roots=("$PYENV_ROOT", "~/.pyenv"), pattern="versions/*/bin/python3"),
        _mise("python", "python3"),
        # https://docs.astral.sh/uv/reference/storage/#python-versions
        Layout(
            name="uv",
            roots=(
                "$UV_PYTHON_INSTALL_DIR",
                "$XDG_DATA_HOME/uv/python",
                "~/.local/share/uv/python",
            ),
            pattern="cpython-*/bin/python3",
        ),
        _asdf("python", "python3"),
        _homebrew("python", "python3"),
        # https://docs.python.org/3/using/mac.html
        Layout(
            name="python.org",
            roots=("/Library/Frameworks/Python.framework",),
            pattern="Versions/*/bin/python3",
        ),
    ),
    installs=(
        ("uv", "uv python install {version}"),
        ("mise", "mise install python@{version}"),
        ("pyenv", "pyenv install {version}"),
        ("brew", "brew install python@{version}"),
        ("asdf", "asdf install python latest:{version}"),
    ),
)

_NODEJS: Final = Language(
    name="Node.js",
    programs=("node", "nodejs"),
    minimum=(16,),
    layouts=(
        # https://github.com/nvm-sh/nvm#installing-and-updating
        Layout(
            name="nvm",
            roots=("$NVM_DIR", "$XDG_CONFIG_HOME/nvm", "~/.nvm"),
            pattern="versions/node/*/bin/node",
        ),
        # https://github.com/Schniz/fnm/blob/master/docs/configuration.md
        Layout(
            name="fnm",
            roots=(
                "$FNM_DIR",
                "$XDG_DATA_HOME/fnm",
                "~/.local/share/fnm",
                "~/Library/Application Support/fnm",
                "~/.fnm",
            ),
            pattern="node-versions/*/installation/bin/node",
        ),
        # https://docs.volta.sh/advanced/installers
        Layout(
            name="volta", roots=("$VOLTA_HOME", "~/.volta"), pattern="tools/image/node/*/bin/node"
        ),
        _mise("node", "node"),
        _asdf("nodejs", "node"),
        # https://github.com/nodenv/nodenv#environment-variables
        Layout(name="nodenv", roots=("$NODENV_ROOT", "~/.nodenv"), pattern="versions/*/bin/node"),
        # https://github.com/tj/n#optional-environment-variables
        Layout(name="n", roots=("$N_PREFIX", "/usr/local"), pattern="n/versions/node/*/bin/node"),
        _homebrew("node", "node"),
    ),
    installs=(
        ("NVM_DIR", "nvm install {version}"),
        ("fnm", "fnm install {version}"),
        ("volta", "volta install node@{version}"),
        ("mise", "mise install node@{version}"),
        ("n", "n {version}"),
        ("brew", "brew install node@{version}"),
        ("asdf", "asdf install nodejs latest:{version}"),
    ),
)

_RUBY: Final = Language(
    name="Ruby",
    programs=("ruby",),
    minimum=(2, 7),
    versioned="ruby{version}",
    layouts=(
        # https://github.com/rbenv/rbenv#environment-variables
        Layout(name="rbenv", roots=("$RBENV_ROOT", "~/.rbenv"), pattern="versions/*/bin/ruby"),
        _mise("ruby", "ruby"),
        _asdf("ruby", "ruby"),
        # https://rvm.io/rvm/install
        Layout(name="rvm", roots=("$rvm_path", "~/.rvm"), pattern="rubies/ruby-*/bin/ruby"),
        # https://github.com/postmodern/chruby#rubies
        Layout(name="chruby", roots=("~/.rubies", "/opt/rubies"), pattern="ruby-*/bin/ruby"),
        _homebrew("ruby", "ruby"),
    ),
    installs=(
        ("rbenv", "rbenv install {version}"),
        ("mise", "mise install ruby@{version}"),
        ("rvm_path", "rvm install {version}"),
        ("brew", "brew install ruby@{version}"),
        ("asdf", "asdf install ruby latest:{version}"),
    ),
)

# The directories of Java have their version in a file `release`: the names differ.
_JAVA: Final = Language(
    name="Java",
    programs=("java",),
    minimum=(8,),
    runs_newer=False,
    layouts=(
        Layout(name="JAVA_HOME", roots=("$JAVA_HOME",), pattern="bin/java"),
        _mise("java", "java"),
        _asdf("java", "java"),
        # https://sdkman.io/usage
        Layout(
            name="SDKMAN", roots=("$SDKMAN_DIR", "~/.sdkman"), pattern="candidates/java/*/bin/java"
        ),
        Layout(name="/usr/lib/jvm", roots=("/usr/lib/jvm",), pattern="*/bin/java"),
        Layout(
            name="macOS",
            roots=("/Library/Java/JavaVirtualMachines",),
            pattern="*/Contents/Home/bin/java",
        ),
        _homebrew("openjdk", "java"),
    ),
    installs=(
        ("SDKMAN_DIR", "sdk install java {version}-tem"),
        ("mise", "mise install java@{version}"),
        ("brew", "brew install openjdk@{version}"),
        ("apt-get", "apt-get install openjdk-{version}-jre-headless"),
        ("dnf", "dnf install java-{version}-openjdk-headless"),
    ),
)

LANGUAGES: Final = {"python": _PYTHON, "nodejs": _NODEJS, "ruby": _RUBY, "java": _JAVA}
"""The languages of runtimes that run as a process on an interpreter of this machine, by the runtime's family."""
