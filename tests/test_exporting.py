"""A model for this machine: its C, and what it computes."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys

from motes.exporting import export
from motes.profiling import profile
from tflite_small import dense


def test_the_c_of_a_model_and_its_outputs(tmp_path):
    path = tmp_path / "small.tflite"
    path.write_bytes(dense())
    made = export(path, tmp_path / "out")
    assert {"small.c", "small.h", "motes.h"} <= {p.name for p in (tmp_path / "out" / "src").iterdir()}
    (output,) = made.outputs
    assert (output["dtype"], output["shape"]) == ("int8", [1, 4])
    assert output["sha256"] == profile(path).outputs[0].sha256
    assert output["sha256"] != hashlib.sha256(bytes(4)).hexdigest()
    assert json.loads(made.save().read_text("utf-8")) == {**made.to_json(), "folder": "."}


def test_build_for_host_is_the_command(tmp_path):
    path = tmp_path / "small.tflite"
    path.write_bytes(dense())
    command = [
        sys.executable,
        "-m",
        "motes",
        "build",
        str(path),
        "--board",
        "host",
        "-o",
        str(tmp_path / "o"),
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    assert (found["board"], found["image"], found["macs"]) == ("host", None, 32)
    assert (tmp_path / "o" / "report.json").is_file()
