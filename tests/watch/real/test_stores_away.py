"""PostgreSQL is frozen: its port accepts connections, and nobody answers, in old sessions and new ones."""

from tests.watch.world import World


def test_postgresql_is_frozen(world: World) -> None:
    with world.frozen_postgres():
        assert "does not answer within" in world.told("postgres_away").text
    world.ended("postgres_away")
    world.once("postgres_away")
