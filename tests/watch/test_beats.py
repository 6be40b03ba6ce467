"""That a watcher goes round can be seen: by systemd, by a file, and by a row."""

import os
import re
import socket
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import override_settings

from askpro.watch import beats
from askpro.watch.models import Watcher
from tests.watch.made import BEGIN

UNIT = (Path(__file__).resolve().parents[2] / "deploy/systemd/askpro-watch.service").read_text("utf-8")


class TestSystemd:
    @pytest.mark.parametrize("is_abstract", [False, True])
    def test_it_is_told_by_one_datagram(self, tmp_path, monkeypatch, is_abstract) -> None:
        name = f"@askpro-{os.getpid()}" if is_abstract else str(tmp_path / "notify")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
            systemd.bind(name.replace("@", "\0", 1))
            systemd.settimeout(2)
            monkeypatch.setenv("NOTIFY_SOCKET", name)
            beats.tell_systemd("WATCHDOG=1")
            assert systemd.recv(100) == b"WATCHDOG=1"

    @pytest.mark.parametrize("name", ["", "/nowhere/notify"])
    def test_without_it_nothing_happens(self, monkeypatch, name) -> None:
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        beats.tell_systemd("WATCHDOG=1")

    def test_the_unit_waits_for_these_words_and_long_enough(self) -> None:
        assert "Type=notify" in UNIT
        assert "ExecStart=/opt/askpro/.venv/bin/python manage.py watch\n" in UNIT
        # A round takes a few seconds at most: one change in each of the stores.
        assert int(re.findall(r"WatchdogSec=(\d+)", UNIT)[0]) >= 30


class TestTheFile:
    def test_its_age_shows_that_the_watcher_goes_round(self, tmp_path) -> None:
        with override_settings(ASKPRO_HOME=tmp_path / "new"):
            beats.touch()
        beat = tmp_path / "new/watch/beat"
        os.utime(beat, (0, 0))
        with override_settings(ASKPRO_HOME=tmp_path / "new"):
            beats.touch()
        assert beat.stat().st_mtime > 0

    def test_a_place_that_cannot_be_written_stops_nothing(self, tmp_path) -> None:
        (tmp_path / "watch").write_text("in the way", "utf-8")
        with override_settings(ASKPRO_HOME=tmp_path):
            beats.touch()


@pytest.mark.django_db
class TestTheRow:
    def test_a_watcher_lives_until_it_falls_silent_or_is_stopped(self) -> None:
        beats.beat("alpha", BEGIN)
        beats.beat("beta", BEGIN)
        beats.beat("alpha", BEGIN + timedelta(seconds=40))
        later = BEGIN + timedelta(seconds=61)
        assert [each.host for each in beats.living(later)] == ["alpha"]
        assert [each.host for each in beats.silent(later, timedelta(seconds=60))] == ["beta"]
        beats.end("beta", later)
        assert beats.silent(later, timedelta(seconds=60)) == []

    def test_who_was_stopped_and_starts_again_lives(self) -> None:
        beats.beat("alpha", BEGIN)
        beats.end("alpha", BEGIN)
        assert beats.living(BEGIN) == []
        beats.beat("alpha", BEGIN)
        assert [each.host for each in beats.living(BEGIN)] == ["alpha"]

    def test_another_process_of_the_host_is_not_ended_with_this_one(self) -> None:
        beats.beat("alpha", BEGIN)
        Watcher.objects.update(pid=1)
        beats.end("alpha", BEGIN)
        assert Watcher.objects.get().stopped_at is None

    def test_a_host_that_is_gone_for_a_week_is_not_missed_any_more(self) -> None:
        beats.beat("alpha", BEGIN)
        assert beats.silent(BEGIN + timedelta(days=8), timedelta(seconds=60)) == []
