"""The house rules that a machine can keep: layers, purity of the core, length of functions."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "musep2p"
FLOORS = {
    "errors": set(),
    "platforms": set(),
    "pipes": {"platforms"},
    "config": {"errors"},
    "core": {"core", "errors"},
    "wire": {"core", "wire", "errors"},
    "ports": {"core", "errors"},
    "engines": {"config", "core", "engines", "errors", "images", "painter", "ports"},
    "images": {"errors", "images"},
    "painter": {"painter"},
    "batchfile": {"batchfile", "core", "engines", "errors", "ports"},
    "net": {"core", "errors", "net", "wire"},
    "store": {"core", "engines", "errors", "images", "pipes", "platforms", "store"},
    "runner": {"core", "engines", "errors", "images", "pipes", "platforms", "ports", "runner"},
    "sim": {"core", "errors", "sim", "wire"},
    "peer": {"config", "core", "engines", "errors", "net", "platforms", "runner", "store"},
    "cli": {
        "batchfile",
        "cli",
        "config",
        "core",
        "engines",
        "errors",
        "net",
        "peer",
        "platforms",
        "sim",
        "store",
        "wire",
        "__version__",
    },
}  # fmt: skip
CORE_MAY_IMPORT = {
    "__future__", "array", "bisect", "collections", "dataclasses", "decimal", "difflib", "enum", "fnmatch", "functools",
    "heapq", "itertools", "math", "random", "re", "statistics", "typing", "unicodedata", "msgspec", "xxhash", "musep2p",
}  # fmt: skip
IMPURE = ("time.", "random.random", "random.choice", "secrets.", "os.", "open(", "asyncio.", "logging.", "print(")
FUNCTION_LINES_MAX = 45
MODULES = sorted(PACKAGE.rglob("*.py"))


def floor_of(path):
    parts = path.relative_to(PACKAGE).parts
    return parts[0].removesuffix(".py")


def imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            yield node.module or ""


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_down_only(path):
    """A module imports only what its floor may; the core nothing that could reach the world."""
    floor = floor_of(path)
    if floor in ("__init__", "__main__"):
        return
    for name in imports(ast.parse(path.read_text("utf-8"))):
        head, *rest = name.split(".")
        if floor == "core":
            assert head in CORE_MAY_IMPORT, f"core imports {name}"
        if head == "musep2p" and rest:
            assert rest[0] in FLOORS[floor] or rest[0] == floor, f"{floor} imports {name}"


def test_the_core_speaks_to_nobody():
    """No clock, disk, network, log or randomness of its own anywhere in the core or the codec."""
    for folder in ("core", "wire"):
        for path in sorted((PACKAGE / folder).rglob("*.py")):
            calls = [
                ast.unparse(n.func) + "("
                for n in ast.walk(ast.parse(path.read_text("utf-8")))
                if isinstance(n, ast.Call)
            ]
            found = [call for call in calls if call.startswith(IMPURE)]
            assert not found, f"{path.name}: {found}"


def test_what_some_systems_lack_is_asked_for_in_one_module():
    """Calls and modules that Windows or POSIX alone have; which text to print may depend on the system anywhere."""
    lacking = re.compile(
        r"os\.(fork|nice|kill|killpg|getuid|geteuid|setsid|statvfs|uname|getloadavg|mkfifo|chown|fchmod|O_DIRECTORY)\b"
        r"|signal\.SIG(?!INT\b)|import (resource|fcntl|pwd|grp|termios|msvcrt|winreg)\b|start_new_session=|CREATE_NO"
    )
    for path in MODULES:
        found = lacking.search(path.read_text("utf-8"))
        assert found is None or path.name == "platforms.py", f"{path.name}: {found}"


def test_functions_fit_on_a_screen():
    """A ratchet: no function is longer than the longest was."""
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                assert lines <= FUNCTION_LINES_MAX or node.name == "__init__", (
                    f"{path.name}:{node.name} has {lines} lines"
                )


def test_modules_say_what_they_are_for():
    """Every module starts with a docstring, and every public function of the core has one."""
    for path in MODULES:
        tree = ast.parse(path.read_text("utf-8"))
        assert ast.get_docstring(tree), f"{path} has no docstring"
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                assert ast.get_docstring(node), f"{path.name}: {node.name} has no docstring"


def test_nobody_iterates_over_a_set_of_text_in_the_core():
    """Its order changes with the interpreter's hash seed; the seeded simulation would not repeat."""
    for path in sorted((PACKAGE / "core").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.For | ast.comprehension):
                assert not isinstance(node.iter, ast.Set | ast.SetComp), f"{path.name}:{ast.unparse(node.iter)}"


def test_the_repository_names_no_machine():
    """No paths of anybody's machine and no unfinished marks in what is shipped."""
    for path in MODULES:
        text = path.read_text("utf-8")
        assert "TODO" not in text and "FIXME" not in text, path
