"""Which labs run: each is found while it runs, by its user and nobody else."""

import json
import os
import stat

import pytest

from testbed.lab.register import RegisteredLab, registered, running_labs

NOBODY = 2**22 + 1
"""No process has an id beyond Linux's largest."""


def lab(name="demo", process=None, token=None):
    return RegisteredLab(name, process or os.getpid(), "http://127.0.10.4:8080", token)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The user's state is in a folder of the test's own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "corenet" / ".running"


def test_a_lab_is_found_while_it_runs():
    """With its control interface, and the token for it."""
    assert running_labs() == ()
    with registered(lab(token="open sesame")):
        assert running_labs() == (lab(token="open sesame"),)
    assert running_labs() == ()


def test_only_its_owner_may_read_it(folder):
    """There is a token in it."""
    with registered(lab()):
        (file,) = folder.iterdir()
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_lab_that_was_killed_is_swept_away(folder):
    """Its process is gone."""
    with registered(lab()):
        (file,) = folder.iterdir()
        left = folder / f"{NOBODY}.json"
        left.write_text(json.dumps(json.loads(file.read_text()) | {"process": NOBODY}))
        assert running_labs() == (lab(),)
        assert not left.exists()


def test_a_lab_of_a_process_of_somebody_else_is_left_alone():
    """That a process may not be signalled says that it runs."""
    with registered(lab(process=1)):
        assert running_labs() == (lab(process=1),)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"name": "x"}', '"lab"'])
def test_what_is_no_lab_is_no_lab(folder, text):
    """A file that nobody understands does no harm."""
    folder.mkdir(parents=True)
    (folder / "1.json").write_text(text)
    assert running_labs() == ()
