"""What can be booked, and with whom."""

from django.db import models

from calls.models.company import Branch, Company


class Service(models.Model):
    """Something a company offers; bookable once it has an event type at Cal.com."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="services")
    branch = models.ForeignKey(
        Branch, on_delete=models.PROTECT, null=True, blank=True, related_name="services", help_text="Empty: all."
    )
    name = models.CharField(max_length=200)
    synonyms = models.JSONField(default=list, blank=True, help_text="Other words callers use for it.")
    duration_minutes = models.PositiveSmallIntegerField(default=30)
    minimum_notice_minutes = models.PositiveIntegerField(default=60)
    price = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    calcom_event_type_id = models.BigIntegerField(null=True, blank=True, unique=True)
    calcom_slug = models.CharField(max_length=200, blank=True, default="")
    is_active = models.BooleanField(default=True)
    synced_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["company", "name"]
        constraints = [models.UniqueConstraint("company", "name", name="service_name_per_company")]

    def __str__(self) -> str:
        return self.name


class Staff(models.Model):
    """A person who holds appointments."""

    company = models.ForeignKey(Company, on_delete=models.PROTECT, related_name="staff")
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, related_name="staff")
    name = models.CharField(max_length=200)
    email = models.EmailField(blank=True, default="")
    calcom_user_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    services = models.ManyToManyField(Service, blank=True, related_name="staff")
    is_active = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "staff"
        ordering = ["company", "name"]

    def __str__(self) -> str:
        return self.name
