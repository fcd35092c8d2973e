"""`from azureml.core.webservice import Webservice`"""

from azureml._later import later, refuse
from trainyard._errors import WebserviceException

_INSTEAD = "download the model and load it in your own service"
AciWebservice = later("AciWebservice", _INSTEAD)
AksWebservice = later("AksWebservice", _INSTEAD)
LocalWebservice = later("LocalWebservice", _INSTEAD)
Webservice = later("Webservice", _INSTEAD)

refuse("azureml.core.webservice", _INSTEAD)

__all__ = [
    "AciWebservice",
    "AksWebservice",
    "LocalWebservice",
    "Webservice",
    "WebserviceException",
]
