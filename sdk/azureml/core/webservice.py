"""`from azureml.core.webservice import Webservice`"""

from azureml._later import later

_INSTEAD = "download the model and load it in your own service"
Webservice = later("Webservice", _INSTEAD)
AciWebservice = later("AciWebservice", _INSTEAD)

__all__ = ["AciWebservice", "Webservice"]
