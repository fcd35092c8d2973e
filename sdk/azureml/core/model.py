"""`from azureml.core.model import Model`"""

from azureml._later import later
from trainyard._errors import ModelPathNotFoundException, WebserviceException
from trainyard._model import Model

InferenceConfig = later("InferenceConfig", "download the model and load it in your own service")

__all__ = ["InferenceConfig", "Model", "ModelPathNotFoundException", "WebserviceException"]
