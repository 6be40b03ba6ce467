from django.apps import AppConfig


class LanguageConfig(AppConfig):
    name = "askpro.language"
    label = "language"

    def ready(self) -> None:
        from askpro.language import checks  # noqa: F401 - registers them
