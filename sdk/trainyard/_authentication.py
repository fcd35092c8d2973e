"""How scripts of the v1 SDK sign in. Here one thing does: the token of the config.json.

The classes exist so that such a script runs; whatever is given to them is not kept or sent.
"""

from typing import Any, Dict, Optional

from trainyard import _errors, _place

WAY_OUT = (
    "put a config.json of the studio beside the script: its Settings page offers one, and so does"
    " `python manage.py sdk_config FOLDER` on its machine"
)


class AbstractAuthentication:
    """Signs in by the token that this process uses anyway."""

    def get_authentication_header(self) -> Dict[str, str]:
        """Return {"Authorization": "Bearer <token>"} for the studio's API.

        Raises UserErrorException where no workspace and no config.json is known.
        """
        return {"Authorization": "Bearer " + self.get_token()}

    def get_token(self) -> str:
        """Return the token. Raises UserErrorException where none is known."""
        place = _place.current()
        if place is None:
            raise _errors.UserErrorException("there is no token to sign in with; " + WAY_OUT)
        return place.client.token


class InteractiveLoginAuthentication(AbstractAuthentication):
    """No browser opens: the config.json has the token."""

    def __init__(
        self, force: bool = False, tenant_id: Optional[str] = None, cloud: Optional[str] = None
    ):
        """Take the arguments of the v1 SDK; none of them means anything here."""


class AzureCliAuthentication(AbstractAuthentication):
    """No command line of a cloud is asked: the config.json has the token."""

    def __init__(self, cloud: Optional[str] = None):
        """Take the arguments of the v1 SDK; none of them means anything here."""


class MsiAuthentication(AbstractAuthentication):
    """No identity of a machine is asked: the config.json has the token."""

    def __init__(self, identity_config: Optional[Dict[str, Any]] = None):
        """Take the arguments of the v1 SDK; none of them means anything here."""


class ServicePrincipalAuthentication(AbstractAuthentication):
    """No password is used, kept or sent: the config.json has the token."""

    def __init__(
        self,
        tenant_id: Optional[str] = None,
        service_principal_id: Optional[str] = None,
        service_principal_password: Optional[str] = None,
        cloud: Optional[str] = None,
        _enable_caching: bool = True,
    ):
        """Take the arguments of the v1 SDK; none of them means anything here."""


class ArmTokenAuthentication(AbstractAuthentication):
    """No token of a cloud is used, kept or sent: the config.json has the studio's."""

    def __init__(self, arm_access_token: Optional[str] = None):
        """Take the arguments of the v1 SDK; none of them means anything here."""
