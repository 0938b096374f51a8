"""The shape of the project: who may import whom and what, how large a file may grow, and the links."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "fhir_coaching"
LINKS = {"mappings": "../mappings", "cli.py": "../cli.py", "examples": "../examples"}

# Where a library may be imported. One that is not here needs a line, here and in docs/dependencies.md.
HOMES = {
    "click": ("cli.py", "commands/"),
    "fhir": ("fhir/gate.py",),  # fhir.resources
    "fhirpathpy": ("checks/profiles/fhirpath.py",),  # an extra: only where it is used, inside functions
    "filelock": ("sync/",),
    # Its floats are not exact: everybody else has fhir/json.py. But it tells where a value ends, which msgspec does not.
    "json": ("sandbox/", "report/positions.py"),
    "msgspec": ("fhir/json.py",),
    "pydantic": ("records/", "practice/", "lens/", "fhir/"),
    "pydantic_core": ("records/",),  # its error types, which pydantic itself offers under no name
    "pytest": ("sandbox/pytest_plugin.py",),  # fixtures for the test suites of others; nothing else imports it
    "requests": ("server/",),
    "rich": ("report/",),
    "urllib3": ("server/",),
}

# Folders that may import the standard library and these, and what has its home there, nothing else.
KNOWS = {
    "mappings/": ("mappings", "fhir", "lens", "records", "errors"),
    "sandbox/": ("sandbox",),
}

FILE = 400  # lines of any file
KERNEL = 800  # lines of code of lens/, all files together
CODEC = 40  # lines of a function or class in a file of codecs


def sources() -> Iterator[tuple[str, Path]]:
    """Every source file of the package, through the links, with its name below the package."""
    for path in sorted((*PACKAGE.rglob("*.py"), *(PACKAGE / "mappings").rglob("*.py"))):
        yield path.relative_to(PACKAGE).as_posix(), path


def imports(name: str, path: Path) -> Iterator[str]:
    """Every name that a file imports, with its whole module, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            around = ("fhir_coaching", *Path(name).parts[: -node.level]) if node.level else ()
            module = ".".join((*around, *filter(None, [node.module])))
            yield from (f"{module}.{alias.name}" for alias in node.names)


def lines_of_code(path: Path) -> int:
    """Lines that are neither empty nor comment nor docstring."""
    text = path.read_text(encoding="utf-8")
    prose: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            prose.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return sum(
        bool(line.strip()) and not line.lstrip().startswith("#") and number not in prose
        for number, line in enumerate(text.splitlines(), start=1)
    )


def test_arrows_point_down_only() -> None:
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    # A process of its own: import-linter's command sets up logging anew, which silences every logger there is.
    done = subprocess.run(
        [sys.executable, "-c", program, "--no-cache", "--config", ROOT / "pyproject.toml"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", LINKS)
def test_the_package_links_to_what_stands_at_the_top(name: str) -> None:
    link = PACKAGE / name
    assert link.is_symlink()
    assert link.readlink() == Path(LINKS[name])
    assert link.exists()


def test_every_library_is_imported_where_it_belongs() -> None:
    astray = [
        f"{name}: {imported}"
        for name, path in sources()
        for imported in imports(name, path)
        if (library := imported.split(".")[0]) in HOMES or library not in {"fhir_coaching", *sys.stdlib_module_names}
        if not name.startswith(HOMES.get(library, ()))
    ]
    assert not astray


@pytest.mark.parametrize("folder", KNOWS)
def test_a_folder_knows_only(folder: str) -> None:
    known = tuple(f"fhir_coaching.{name}." for name in KNOWS[folder])
    foreign = [
        f"{name}: {imported}"
        for name, path in sources()
        if name.startswith(folder)
        for imported in imports(name, path)
        if (library := imported.split(".")[0]) not in sys.stdlib_module_names
        if not f"{imported}.".startswith(known) and HOMES.get(library) != (name,)
    ]
    assert not foreign


def test_every_dependency_is_explained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    page = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
    named = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    missing = [name for entry in named if f"| {(name := entry.split('>')[0])} |" not in page]
    assert not missing


def test_files_stay_small() -> None:
    tests = [
        (path.relative_to(ROOT).as_posix(), path)
        for top in ("tests", "benchmarks")
        for path in (ROOT / top).rglob("*.py")
    ]
    large = {
        name: lines for name, path in (*sources(), *tests) if (lines := len(path.read_bytes().splitlines())) > FILE
    }
    assert not large


def test_the_kernel_stays_small() -> None:
    sizes = {name: lines_of_code(path) for name, path in sources() if name.startswith("lens/")}
    assert sum(sizes.values()) <= KERNEL, sizes


def test_codecs_stay_small() -> None:
    codecs = [
        path for name, path in sources() if name.startswith(("fhir/", "mappings/")) and "Codec" in path.read_text()
    ]
    large = [
        f"{path.name}:{node.lineno}"
        for path in codecs
        for node in ast.parse(path.read_bytes()).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and (node.end_lineno or 0) - node.lineno >= CODEC
    ]
    assert not large
