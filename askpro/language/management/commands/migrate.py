from django.core.management.commands import migrate

from askpro.language.autodetector import Autodetector


class Command(migrate.Command):
    autodetector = Autodetector
