"""Changed code is seen, whenever it was written after the process began to load it."""

import os
import sys
import time
from importlib.util import module_from_spec, spec_from_file_location

import pytest

from askpro.queues.chores import reload
from askpro.queues.chores.reload import CodeWatch


@pytest.fixture
def module(settings, tmp_path, monkeypatch):
    """A loaded file of the project, written an hour ago."""
    settings.BASE_DIR = tmp_path
    path = tmp_path / "loaded.py"
    path.write_text("")
    monkeypatch.setitem(sys.modules, "loaded", loaded_from(path))
    written(path, time.time() - 3600)
    return path


def loaded_from(path):
    return module_from_spec(spec_from_file_location("loaded", path))


def written(path, moment):
    os.utime(path, (moment, moment))


def test_nothing_has_changed(module):
    watch = CodeWatch()
    assert not watch.has_changed()


def test_a_change_is_told_once(module):
    watch = CodeWatch()
    module.touch()
    assert watch.has_changed()
    assert not watch.has_changed()


def test_a_change_between_loading_and_the_first_look_is_told(module):
    loaded_at = time.time() - 1
    module.touch()
    watch = CodeWatch(loaded_at)
    assert watch.has_changed()
    assert not watch.has_changed()


def test_an_older_file_in_its_place_is_a_change(module):
    watch = CodeWatch()
    written(module, time.time() - 7200)
    assert watch.has_changed()


def test_a_file_of_tomorrow_does_not_restart_for_ever(module):
    written(module, time.time() + 86_400)
    assert not CodeWatch(time.time() - 1).has_changed()


def test_a_file_that_is_just_being_replaced_is_no_change_until_it_is_there(module):
    watch = CodeWatch()
    module.unlink()
    assert not watch.has_changed()
    module.write_text("")
    assert watch.has_changed()


def test_the_environment_inside_the_project_is_not_the_project(module, monkeypatch, tmp_path):
    monkeypatch.setattr(reload.sys, "prefix", str(tmp_path / "venv"))
    library = tmp_path / "venv" / "library.py"
    library.parent.mkdir()
    library.write_text("")
    monkeypatch.setitem(sys.modules, "loaded", loaded_from(library))
    watch = CodeWatch()
    written(library, time.time() - 7200)
    assert not watch.has_changed()
