"""Pages about what has no app of its own in the console: the engine's rows (the engine knows no console), and users."""

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, User
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from askpro.console.batch_admin import BatchAdmin
from askpro.console.fleet_admin import FleetCommandAdmin, FleetEventAdmin, PauseAdmin
from askpro.console.job_admin import JobAdmin
from askpro.console.schedule_admin import ScheduleAdmin
from askpro.console.worker_admin import SupervisorAdmin, WorkerAdmin

__all__ = [
    "BatchAdmin",
    "FleetCommandAdmin",
    "FleetEventAdmin",
    "GroupAdmin",
    "JobAdmin",
    "PauseAdmin",
    "ScheduleAdmin",
    "SupervisorAdmin",
    "UserAdmin",
    "WorkerAdmin",
]

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    pass
