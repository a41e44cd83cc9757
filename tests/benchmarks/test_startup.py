"""What a start is compared with."""

from __future__ import annotations

from benchmarks.startup import SCRIPT, script_imports


def test_the_limit_of_a_command_is_what_its_script_imports_besides_it() -> None:
    text = "#!/bin/python\n# -*- coding: utf-8 -*-\nimport re\nimport sys\nfrom infractl.cli.start import program\n"

    assert script_imports(text) == "import re; import sys"


def test_the_script_that_is_installed_here_is_one_that_can_be_read() -> None:
    assert "import program" in SCRIPT.read_text()
    assert "infractl" not in script_imports(SCRIPT.read_text())
