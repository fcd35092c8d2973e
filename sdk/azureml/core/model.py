"""`from azureml.core.model import Model`"""

from azureml._later import later, refuse
from trainyard._errors import ModelPathNotFoundException, WebserviceException
from trainyard._model import Model

_INSTEAD = "download the model and load it in your own service"
InferenceConfig = later("InferenceConfig", _INSTEAD)

refuse("azureml.core.model", _INSTEAD)

__all__ = ["InferenceConfig", "Model", "ModelPathNotFoundException", "WebserviceException"]
