"""Prints what the types of the Python SDK declare: python.py FOLDER_OF_THE_PACKAGE

One name a line, with tabs: python  ClaudeAgentOptions  max_turns. A value of a field stands behind `is`.
"""

import ast
import pathlib
import sys

names = set()


def literals(node):
    """Returns the strings of each `Literal[...]` in an annotation."""
    for part in ast.walk(node):
        if isinstance(part, ast.Subscript) and getattr(part.value, "id", "") == "Literal":
            for word in ast.walk(part.slice):
                if isinstance(word, ast.Constant) and isinstance(word.value, str):
                    yield word.value


for file in pathlib.Path(sys.argv[1]).glob("*.py"):
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.ClassDef):
            names.add(f"python\t{node.name}")
            for field in node.body:
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    name = field.target.id
                    names.add(f"python\t{node.name}\t{name}")
                    names.update(f'python\t{node.name}\t{name} is "{word}"' for word in literals(field.annotation))
                elif isinstance(field, (ast.FunctionDef, ast.AsyncFunctionDef)) and not field.name.startswith("_"):
                    names.add(f"python\t{node.name}\t{field.name}()")
        # `HookEvent = Literal["PreToolUse"] | Literal["PostToolUse"]`
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            names.update(f'python\t{name}\tis "{word}"' for word in literals(node.value))

sys.stdout.write("".join(f"{name}\n" for name in sorted(names)))
