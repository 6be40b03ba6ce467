"""What comes in and what goes out, field by field."""

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from appointments.changes.limits import FARTHEST
from appointments.models import Appointment, Change, FollowUp
from calls.models import BookingRequest
from calls.phone import normalise
from notifications.models import Notification


class PhoneField(serializers.CharField):
    """A number as people write it, kept in E.164."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=32, **options)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        number = normalise(text, self.context["country"]) if text else ""
        if number is None:
            raise serializers.ValidationError("Not a valid phone number. Write it as +493023125100.")
        return number


class MomentField(serializers.DateTimeField):
    """A moment with its offset from UTC, without which it would be ambiguous."""

    def enforce_timezone(self, value: datetime) -> datetime:
        try:
            if value.utcoffset() is None:
                raise serializers.ValidationError("The offset is missing. Write it as 2026-12-03T14:00:00+01:00.")
            return value.astimezone(timezone.get_default_timezone())
        except (OverflowError, ValueError) as error:
            raise serializers.ValidationError("This date or time does not exist.") from error


@extend_schema_field(
    {"oneOf": [{"type": "integer", "minimum": 1}, {"type": "string", "minLength": 1, "maxLength": 200}]}
)
class ChoiceOfName(serializers.Field):
    """An id (a number) or a name (a text)."""

    LONGEST = 200
    LARGEST = 2**63 - 1

    def to_internal_value(self, data: Any) -> int | str:
        if isinstance(data, int) and not isinstance(data, bool) and 0 < data <= self.LARGEST:
            return data
        if isinstance(data, str) and data.strip() and len(data) <= self.LONGEST and data.isprintable():
            return data.strip()
        raise serializers.ValidationError("Neither an id nor a name.")

    def to_representation(self, value: Any) -> Any:
        return value


class AttendeeSerializer(serializers.Serializer):
    """Who comes. A phone number or an e-mail address is needed, better both."""

    name = serializers.CharField(max_length=200)
    phone = PhoneField(required=False, allow_blank=True)
    email = serializers.EmailField(max_length=254, required=False, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = {"phone": "", "email": ""} | attrs
        if not attrs["phone"] and not attrs["email"]:
            raise serializers.ValidationError({"phone": "A phone number or an e-mail address is needed."})
        return attrs


class WishSerializer(serializers.Serializer):
    """A wished appointment."""

    starts_at = MomentField(help_text="With its offset from UTC. It is booked at this time or not at all.")
    service = ChoiceOfName(help_text="Its id, its name or one of its synonyms.")
    staff = ChoiceOfName(required=False, allow_null=True, default=None, help_text="Only with this person: id or name.")
    branch = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, help_text="Needed where there are several."
    )
    attendee = AttendeeSerializer()
    sms_consent = serializers.BooleanField(default=False, help_text="The attendee has agreed to get SMS.")
    notes = serializers.CharField(max_length=2000, required=False, allow_blank=True, default="")

    def validate_starts_at(self, value: datetime) -> datetime:
        now = timezone.now()
        if not now < value <= now + FARTHEST:
            raise serializers.ValidationError(f"Must be in the future, within {FARTHEST // timedelta(days=1)} days.")
        return value


class NamedSerializer(serializers.Serializer):
    id = serializers.IntegerField(source="pk")
    name = serializers.CharField()


class AppointmentSerializer(serializers.ModelSerializer):
    """The appointment in the calendar."""

    staff = NamedSerializer(allow_null=True)

    class Meta:
        model = Appointment
        fields = ("id", "status", "starts_at", "ends_at", "timezone", "staff", "cancelled_at", "cancellation_reason")


class FollowUpSerializer(serializers.ModelSerializer):
    """What a person has to decide, and by when."""

    detail = serializers.CharField(source="told", help_text="A sentence in the company's language.")
    alternatives = serializers.ListField(child=serializers.DateTimeField(), help_text="Free when this was opened.")

    class Meta:
        model = FollowUp
        fields = ("id", "reason", "status", "detail", "alternatives", "due_at", "resolved_at")


class MessageSerializer(serializers.ModelSerializer):
    """A message to the attendee."""

    reason = serializers.CharField(source="why", help_text="A sentence in the company's language.")

    class Meta:
        model = Notification
        fields = ("kind", "channel", "status", "reason", "sent_at", "delivered_at")


class CancellationSerializer(serializers.Serializer):
    """A wish to cancel."""

    reason = serializers.CharField(
        max_length=200, required=False, allow_blank=True, default="", help_text="Cal.com and staff read it."
    )


class MoveSerializer(CancellationSerializer):
    """A wish to move."""

    starts_at = MomentField(help_text="With its offset from UTC. It is moved to this time or not at all.")


class ChangeSerializer(serializers.ModelSerializer):
    """A change of the appointment. `waiting`: being carried out. `requested`: the host has to agree."""

    detail = serializers.CharField(source="told", help_text="Why it was refused, in the company's language.")
    alternatives = serializers.ListField(child=serializers.DateTimeField(), help_text="Free when it was refused.")

    class Meta:
        model = Change
        fields = ("kind", "state", "channel", "before", "starts_at", "detail", "alternatives", "created_at", "ended_at")


class StateSerializer(serializers.ModelSerializer):
    """How far a request got. `open`: being booked. `follow_up`: a person calls back. `dropped`: nothing to do.

    What became of the appointment since is in `appointment` and `changes`.
    """

    service = NamedSerializer(allow_null=True)
    staff = NamedSerializer(allow_null=True)
    branch = NamedSerializer()
    appointment = AppointmentSerializer(allow_null=True)
    changes = ChangeSerializer(many=True)
    follow_ups = FollowUpSerializer(many=True)
    messages = MessageSerializer(many=True)

    class Meta:
        model = BookingRequest
        fields = (
            "id",
            "status",
            "created_at",
            "starts_at",
            "service",
            "staff",
            "branch",
            "appointment",
            "changes",
            "follow_ups",
            "messages",
        )


class ErrorSerializer(serializers.Serializer):
    error = serializers.CharField(help_text="A code: invalid, parse_error, not_authenticated, throttled, …")
    detail = serializers.CharField()
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()), required=False, help_text="What is wrong, by path."
    )
