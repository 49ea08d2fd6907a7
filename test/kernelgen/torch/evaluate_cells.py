"""Evaluates the functions of cells.py with Python numbers in place of tensors, for cells-source.test.ts.

    python evaluate_cells.py FOLDER      FOLDER has cells.py and cases.json; prints the results as JSON
"""

import json
import math
import sys
import types
from pathlib import Path

folder = Path(sys.argv[1])

torch = types.ModuleType("torch")
torch.sigmoid = lambda x: 1 / (1 + math.exp(-x))
torch.tanh = math.tanh
torch.exp = math.exp
torch.log = math.log
torch.where = lambda condition, a, b: a if condition else b
torch.nn = types.SimpleNamespace(
    functional=types.SimpleNamespace(logsigmoid=lambda x: min(x, 0) - math.log1p(math.exp(-abs(x))))
)

cell = types.ModuleType("cells_package.cell")
cell.Cell = types.SimpleNamespace
cell.Gate = lambda name, **terms: (name, terms)
cell.maximum = max

package = types.ModuleType("cells_package")
package.__path__ = [str(folder)]
sys.modules |= {"torch": torch, "cells_package": package, "cells_package.cell": cell}
sys.dont_write_bytecode = True

from cells_package.cells import CELLS  # noqa: E402

results = []
for case in json.loads((folder / "cases.json").read_text()):
    definition = CELLS[case["cell"]]
    gates, states = len(definition.gates), len(definition.states)
    rows = []
    for sample in case["samples"]:
        u, previous, adjoints = sample[:gates], sample[gates : gates + states], sample[gates + states :]
        following, saved = definition.step(u, previous)
        of_gates, of_previous = definition.gradient(saved, previous, following, adjoints)
        rows.append([*following, *of_gates, *of_previous])
    results.append(rows)
print(json.dumps(results))
