"""The mail catcher keeps what AskPro sends, and refuses on demand."""

import smtplib
from email.message import EmailMessage

import pytest

from askpro.dev.sandbox.client import SandboxClient


def send(sandbox: SandboxClient, to: str = "juergen.weiss@example.org") -> None:
    mail = EmailMessage()
    mail["From"], mail["To"] = "AskPro <termine@askpro.example>", to
    mail["Subject"] = "Ihr Termin am Donnerstag, 3. Dezember – Grüße"
    mail.set_content("Guten Tag Herr Weiß\n")
    mail.add_alternative("<p>Guten Tag Herr Weiß</p>", subtype="html")
    mail.add_attachment("BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", subtype="calendar", filename="termin.ics")
    with smtplib.SMTP("127.0.0.1", sandbox.smtp_port, timeout=10) as server:
        server.send_message(mail)


def test_it_keeps_a_mail_with_all_its_parts(sandbox: SandboxClient) -> None:
    send(sandbox)
    mail = sandbox.mails()[0]
    assert mail["to"] == ["juergen.weiss@example.org"]
    assert mail["subject"] == "Ihr Termin am Donnerstag, 3. Dezember – Grüße"
    assert mail["text"].strip() == "Guten Tag Herr Weiß"
    assert "<p>Guten Tag Herr Weiß</p>" in mail["html"]
    attachment = mail["attachments"][0]
    assert (attachment["name"], attachment["type"]) == ("termin.ics", "text/calendar")
    assert attachment["content"].startswith("BEGIN:VCALENDAR")


def test_it_finds_mails_by_address(sandbox: SandboxClient) -> None:
    send(sandbox)
    send(sandbox, "mia.koch@example.org")
    assert len(sandbox.mails("mia.koch@example.org")) == 1


@pytest.mark.parametrize(("status", "kept"), [(451, 0), (550, 0)])
def test_it_refuses_on_demand_and_once(sandbox: SandboxClient, status: int, kept: int) -> None:
    sandbox.fault("smtp.message", status=status)
    with pytest.raises(smtplib.SMTPDataError) as caught:
        send(sandbox)
    assert caught.value.smtp_code == status
    assert len(sandbox.mails()) == kept
    send(sandbox)
    assert len(sandbox.mails()) == kept + 1


@pytest.mark.parametrize(("drop", "kept"), [("before", 0), ("after", 1)])
def test_it_hangs_up_before_or_after_it_kept_a_mail(sandbox: SandboxClient, drop: str, kept: int) -> None:
    sandbox.fault("smtp.message", drop=drop)
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(sandbox)
    assert len(sandbox.mails()) == kept
