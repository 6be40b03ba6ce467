from django.core.management.commands import makemigrations

from askpro.language.autodetector import Autodetector


class Command(makemigrations.Command):
    autodetector = Autodetector
