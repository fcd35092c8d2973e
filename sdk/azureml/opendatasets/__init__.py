"""`from azureml.opendatasets import MNIST`"""

from azureml._later import later, refuse
from trainyard._opendatasets import MNIST

_INSTEAD = "Dataset.File.from_files(addresses), with the addresses that its publisher names"
Diabetes = later("Diabetes", _INSTEAD)
NoaaIsdWeather = later("NoaaIsdWeather", _INSTEAD)
NycTlcGreen = later("NycTlcGreen", _INSTEAD)
NycTlcYellow = later("NycTlcYellow", _INSTEAD)
PublicHolidays = later("PublicHolidays", _INSTEAD)

refuse("azureml.opendatasets", _INSTEAD)

__all__ = [
    "MNIST",
    "Diabetes",
    "NoaaIsdWeather",
    "NycTlcGreen",
    "NycTlcYellow",
    "PublicHolidays",
]
