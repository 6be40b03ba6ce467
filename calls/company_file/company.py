"""Writes a company with all that belongs to it, and says what is new, what changes, and what stays as it is."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any, Final
from zoneinfo import available_timezones

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models, transaction

from askpro.encryption import EncryptedTextField
from calls.company_file.document import Faults, Value, check_keys, read
from calls.company_file.fields import Unfit, columns, converted, messages, secret
from calls.models import Branch, ClosedDay, Company, PhoneNumber, Service, Staff
from webhooks.models import Provider, WebhookAddress

PARTS: Final = ("branches", "services", "staff", "numbers", "closed_days", "webhooks")
# How people call a row of each kind.
NAMES: Final[dict[type[models.Model], str]] = {
    Company: "company",
    Branch: "branch",
    Service: "service",
    Staff: "staff",
    PhoneNumber: "number",
    ClosedDay: "closed day",
}


class FileRefused(ValueError):
    """The file has faults; nothing was written."""

    def __init__(self, faults: Faults) -> None:
        super().__init__(f"{len(list(faults))} to mend; nothing was written.")
        self.faults = list(faults)


@dataclass(slots=True)
class Outcome:
    """What became of the file: one line for each row that is new or changed, and one for each that it leaves out."""

    company: Company
    changes: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def write(text: str, *, is_dry: bool = False) -> Outcome:
    """Write the company that the file describes, or only say what that would change. Raises `FileRefused`.

    Rows are found again by what names them: the company by its slug, a number by itself, all else by name. What the
    file does not mention stays as it is, columns as well as rows: it can add and change, and deletes nothing.
    """
    faults = Faults()
    document = read(text, faults)
    with transaction.atomic():
        writer = Writer(document, faults)
        writer.write()
        if faults:
            transaction.set_rollback(True)
            raise FileRefused(faults)
        if is_dry:
            transaction.set_rollback(True)
    return writer.outcome


class Writer:
    """One pass over one file; faults are collected, and a row with a fault is not saved."""

    def __init__(self, document: Value, faults: Faults) -> None:
        self._document, self._faults = document, faults
        self.outcome = Outcome(Company())
        self._seen: dict[type[models.Model], dict[str, Any]] = {model: {} for model in NAMES}
        # What the file names, so that one fault in a row is not followed by others in rows that name it.
        self._named: dict[type[models.Model], set[str]] = {model: set() for model in NAMES}

    def write(self) -> None:
        check_keys(self._document, ["company", *PARTS], self._faults, "The file")
        company = self._document.mapping.get("company")
        if company is None or not company.mapping:
            if not self._faults:
                self._faults.add(self._document.line, "It needs company: with a slug and a name.")
            return
        self.outcome.company = self._company(company)
        for part, model in (("branches", Branch), ("services", Service), ("staff", Staff)):
            self._note_names(part, model)
        for entry in self._entries("branches"):
            self._row(Branch, entry, "name")
        for entry in self._entries("services"):
            self._row(Service, entry, "name", branch="branch")
        for entry in self._entries("staff"):
            self._row(Staff, entry, "name", branch="branch", many={"services": Service})
        for entry in self._entries("numbers"):
            self._row(PhoneNumber, entry, "number", branch="branch", many={"more_branches": Branch})
        for entry in self._entries("closed_days"):
            self._row(ClosedDay, entry, "first_day", branch="branch")
        self._webhooks()
        self._note_left()

    def _company(self, entry: Value) -> Company:
        slug = entry.mapping["slug"].text if "slug" in entry.mapping else ""
        known = Company.objects.filter(slug=slug).first() if slug else None
        row = known or Company(slug=slug)
        self._fill(row, entry, [*columns(Company)])
        timezone = entry.mapping.get("timezone")
        if timezone is not None and timezone.text not in available_timezones():
            near = get_close_matches(timezone.text, available_timezones(), 1)
            meant = f" Did you mean {near[0]}?" if near else ""
            self._faults.add(timezone.line, f"timezone: there is no such time zone.{meant}")
        self._save(row, entry, is_new=known is None, name=slug)
        return row

    def _note_names(self, part: str, model: type[models.Model]) -> None:
        entries = self._document.mapping.get(part)
        self._named[model] = {
            each.mapping["name"].text for each in (entries.items if entries else ()) if "name" in each.mapping
        }

    def _entries(self, part: str) -> Iterator[Value]:
        value = self._document.mapping.get(part)
        if value is None or value.content is None:
            return
        if not isinstance(value.content, list):
            self._faults.add(value.line, f"{part} has to be a list: each entry begins with a dash.")
            return
        for entry in value.items:
            if isinstance(entry.content, dict):
                yield entry
            else:
                self._faults.add(entry.line, f"{part}: an entry has to be a mapping, such as - name: …")

    def _row(
        self,
        model: type[models.Model],
        entry: Value,
        identity: str,
        *,
        branch: str = "",
        many: dict[str, type[models.Model]] | None = None,
    ) -> None:
        company, many = self.outcome.company, many or {}
        known_keys = [*columns(model), *([branch] if branch else []), *many]
        named = {identity: self._told(columns(model)[identity], entry)}
        name = str(named[identity] or "")
        if not name:
            self._faults.add(entry.line, f"A {NAMES[model]} needs {identity}.")
            return
        if name in self._seen[model] and model is not ClosedDay:
            self._faults.add(entry.line, f"{NAMES[model]} {name} stands in the file twice.")
            return
        known = self._known(model, named)
        if isinstance(known, PhoneNumber) and known.company_id != company.pk:
            self._faults.add(entry.line, f"number {name} belongs to {known.company.slug}.")
            return
        row: Any = known or model(**named)
        row.company = company
        at_branch = self._reference(Branch, entry.mapping[branch]) if branch and branch in entry.mapping else None
        if branch and (at_branch is not None or known is None):
            row.branch = at_branch or (self._only_branch() if model in (Staff, PhoneNumber) else None)
        self._fill(row, entry, known_keys)
        chosen = {part: self._references(of, entry.mapping[part]) for part, of in many.items() if part in entry.mapping}
        self._seen[model][name] = row
        if company.pk is not None:
            self._save(row, entry, is_new=known is None, name=name, chosen=chosen)

    def _told(self, column: "models.Field[Any, Any]", entry: Value) -> Any:
        """What names the row; a fault in it is noted when the row is filled."""
        try:
            return converted(column, entry.mapping[column.name], self._country(entry), Faults())
        except (KeyError, Unfit, ValidationError):
            return ""

    def _known(self, model: type[models.Model], named: dict[str, Any]) -> Any:
        company = self.outcome.company
        if model is PhoneNumber:
            return PhoneNumber.objects.filter(**named).select_related("company").first()
        return model._default_manager.filter(company=company, **named).first() if company.pk else None

    def _fill(self, row: Any, entry: Value, known_keys: list[str]) -> None:
        check_keys(entry, known_keys, self._faults, f"A {NAMES[type(row)]}")
        for name, column in columns(type(row)).items():
            value = entry.mapping.get(name)
            if value is None:
                continue
            try:
                setattr(row, name, converted(column, value, self._country(entry), self._faults))
            except Unfit as error:
                self._faults.add(value.line, f"{name}: {error}")
            except ValidationError as error:
                self._faults.add(value.line, f"{name}: {' '.join(messages(error))}")

    def _country(self, entry: Value) -> str:
        own = entry.mapping["country"].text if "country" in entry.mapping else ""
        return own or self.outcome.company.country

    def _save(
        self, row: Any, entry: Value, *, is_new: bool, name: str, chosen: dict[str, list[Any]] | None = None
    ) -> None:
        """Save the row if the file has no fault so far; else check it all the same, so that all faults are told."""
        before = None if is_new else type(row)._default_manager.get(pk=row.pk)
        try:
            row.full_clean()
        except ValidationError as error:
            self._note_invalid(row, entry, error)
            return
        told = f"{NAMES[type(row)]} {name}"
        differences = [] if before is None else [*_differences(before, row)]
        row.save()
        for part, rows in (chosen or {}).items():
            differences += self._choose(row, part, rows)
        if is_new:
            self.outcome.changes.append(f"{told}: new")
        elif differences:
            self.outcome.changes.append(f"{told}: {', '.join(differences)}")

    def _note_invalid(self, row: Any, entry: Value, error: ValidationError) -> None:
        for name, errors in error.error_dict.items() if hasattr(error, "error_dict") else [(NON_FIELD_ERRORS, [error])]:
            value = entry.mapping.get(name)
            line = value.line if value is not None else entry.line
            if not any(fault.line == line for fault in self._faults):
                said = " ".join(str(message) for each in errors for message in each.messages)
                where = f"A {NAMES[type(row)]}" if name == NON_FIELD_ERRORS else name
                self._faults.add(line, f"{where}: {said}")

    def _choose(self, row: Any, part: str, rows: list[Any]) -> Iterator[str]:
        before = set(getattr(row, part).values_list("pk", flat=True))
        after = {each.pk for each in rows if each.pk is not None}
        if before != after:
            getattr(row, part).set(after)
            yield f"{part}: {len(before)} → {len(after)}"

    def _only_branch(self) -> Branch | None:
        branches = list(self._seen[Branch].values())
        return branches[0] if len(branches) == 1 else None

    def _reference(self, model: type[models.Model], value: Value) -> Any:
        """The row of this name, from the file or known before."""
        if value.content is None:
            return None
        name = value.text
        found = self._seen[model].get(name) or self._known(model, {"name": name})
        if found is None and name not in self._named[model]:
            near = get_close_matches(name, self._named[model] | set(self._seen[model]), 1)
            meant = f" Did you mean {near[0]}?" if near else ""
            self._faults.add(value.line, f"There is no {NAMES[model]} {name}.{meant}")
        return found

    def _references(self, model: type[models.Model], value: Value) -> list[Any]:
        entries = value.items or ([value] if value.content else [])
        return [row for each in entries if (row := self._reference(model, each)) is not None]

    def _webhooks(self) -> None:
        """Companies' own addresses at the vendors; a secret that is valid already is not added again."""
        value = self._document.mapping.get("webhooks")
        if value is None:
            return
        check_keys(value, [*Provider.values], self._faults, "webhooks")
        for provider, entry in value.mapping.items():
            if provider in Provider.values:
                self._webhook(provider, entry)

    def _webhook(self, provider: str, entry: Value) -> None:
        is_twilio = provider == Provider.TWILIO
        check_keys(entry, ["secret", *(["account"] if is_twilio else [])], self._faults, f"webhooks: {provider}")
        try:
            told = secret(entry.mapping.get("secret", Value(None, entry.line)), self._faults)
        except Unfit as error:
            self._faults.add(entry.line, f"secret: {error}")
            return
        account = entry.mapping["account"].text if "account" in entry.mapping else ""
        if not told or (is_twilio and not account.startswith("AC")):
            self._faults.add(entry.line, f"{provider} needs a secret{' and an account (AC…)' if is_twilio else ''}.")
        elif not self._faults:
            self._sign(provider, account, told)

    def _sign(self, provider: str, account: str, told: str) -> None:
        company = self.outcome.company
        values = {"company": company, "provider": provider}
        address, is_new = WebhookAddress.objects.get_or_create(**values, defaults={"account": account})
        if not is_new and address.account != account:
            address.account = account
            address.save(update_fields=["account"])
            self.outcome.changes.append(f"webhook address {provider}: account")
        if told not in address.active_secrets():
            address.add_secret(told)
            self.outcome.changes.append(f"webhook address {provider}: {'new' if is_new else 'a further secret'}")

    def _note_left(self) -> None:
        """Rows that the file does not name stay: say which, since somebody may have expected them to go."""
        if self._faults:
            return
        for model in (Branch, Service, Staff, PhoneNumber):
            if model is not PhoneNumber and not self._named[model]:
                continue
            names = {row.pk for row in self._seen[model].values()}
            others = model._default_manager.filter(company=self.outcome.company, is_active=True).exclude(pk__in=names)
            self.outcome.left += [f"{NAMES[model]} {getattr(row, 'name', '') or row}" for row in others]


def _differences(before: Any, after: Any) -> Iterator[str]:
    names = [*columns(type(after)), *(["branch_id"] if hasattr(after, "branch_id") else [])]
    for name in names:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            is_secret = isinstance(columns(type(after)).get(name), EncryptedTextField)
            yield f"{name.removesuffix('_id')}" if is_secret else f"{name.removesuffix('_id')} {old!r} → {new!r}"
