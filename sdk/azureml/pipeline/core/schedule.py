"""`from azureml.pipeline.core.schedule import Schedule`"""

from azureml.pipeline._names import Schedule, ScheduleRecurrence, TimeZone

__all__ = ["Schedule", "ScheduleRecurrence", "TimeZone"]
