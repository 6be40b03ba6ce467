"""What a measured job or request leaves behind. The table exists in the benchmark's own database only."""

from django.db import models
from django.db.models.functions import Now


class Effect(models.Model):
    """One row for one atomic job."""

    objects: models.Manager["Effect"] = models.Manager()

    number = models.IntegerField()
    made_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return str(self.number)


class Post(models.Model):
    """One row for one request to the bare view."""

    objects: models.Manager["Post"] = models.Manager()

    body = models.BinaryField()
    received_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return str(self.pk)


class Folding(models.Model):
    """Whether the chores fold the figures of jobs; they do where there is no row."""

    objects: models.Manager["Folding"] = models.Manager()

    is_on = models.BooleanField()

    def __str__(self) -> str:
        return str(self.is_on)


class Filled(models.Model):
    """A step of filling the console's tables that is done: of which size, on which day, by which description."""

    objects: models.Manager["Filled"] = models.Manager()

    step = models.CharField(max_length=50, primary_key=True)
    jobs = models.BigIntegerField()
    day = models.DateField()
    recipe = models.CharField(max_length=64)

    def __str__(self) -> str:
        return self.step
