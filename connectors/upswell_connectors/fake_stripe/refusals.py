"""What Stripe answers instead of an object: its error envelope, with the texts that were recorded from it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

_DOCUMENTED = "https://stripe.com/docs/error-codes/"


class Refused(Exception):
    """A request that is not answered with what was asked for: HTTP ``status``, ``headers``, and a ``body`` with why."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str = "",
        param: str = "",
        doc: bool = True,
        headers: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers = headers
        error: dict[str, Any] = {"message": message, "type": "api_error" if status >= 500 else "invalid_request_error"}
        if code:
            error["code"] = code
        if code and doc:
            error["doc_url"] = _DOCUMENTED + code.replace("_", "-")
        if param:
            error["param"] = param
        self.body = {"error": dict(sorted(error.items()))}


def unknown_address(method: str, path: str) -> Refused:
    """Return what is said about an address that nothing is at."""
    where = "Please see https://stripe.com/docs or we can help at https://support.stripe.com/."
    return Refused(404, f"Unrecognized request URL ({method}: {path}). {where}")


def unknown_parameter(name: str) -> Refused:
    """Return what is said about a parameter that the endpoint does not take."""
    return Refused(400, f"Received unknown parameter: {name}", code="parameter_unknown", param=name)


def missing_parameter(name: str) -> Refused:
    """Return what is said where a parameter has to be given."""
    return Refused(400, f"Missing required param: {name}.", code="parameter_missing", param=name)


def empty_parameter(name: str) -> Refused:
    """Return what is said about a parameter without a value."""
    message = (
        f"You passed an empty string for '{name}'. You should remove '{name}' from your request or supply a value."
    )
    return Refused(400, message, code="parameter_invalid_empty", param=name)


def no_integer(name: str, value: str) -> Refused:
    """Return what is said about letters where a number belongs."""
    return Refused(400, f"Invalid integer: {value}", code="parameter_invalid_integer", param=name)


def no_choice(name: str, choices: tuple[str, ...]) -> Refused:
    """Return what is said about a word that is none of those allowed."""
    allowed = f"{', '.join(choices[:-1])}, or {choices[-1]}"
    return Refused(400, f"Invalid {name}: must be one of {allowed}", param=name)


def no_such(kind: str, id_: str, *, param: str = "id", cursor: bool = False) -> Refused:
    """Return what is said about an id that names nothing: 404, or 400 where it is a list's cursor."""
    return Refused(400 if cursor else 404, f"No such {kind}: '{id_}'", code="resource_missing", param=param)


def other_mode(kind: str, id_: str, *, live: bool) -> Refused:
    """Return what is said about an object of the mode that the key does not belong to."""
    here, there = ("live", "test") if live else ("test", "live")
    similar = f"a similar object exists in {there} mode, but a {here} mode key was used to make this request."
    return Refused(404, f"No such {kind}: '{id_}'; {similar}", code="resource_missing", param="id")


def too_deep(path: str) -> Refused:
    """Return what is said about an expansion of more than four levels."""
    message = f"You cannot expand more than 4 levels of a property. Property: {path}"
    return Refused(400, message, code="property_expansion_max_depth", doc=False)


def not_expandable(name: str, better: str = "") -> Refused:
    """Return what is said about a property that cannot be expanded, and which other may have been meant."""
    hint = f" You may want to try expanding '{better}' instead." if better else ""
    return Refused(400, f"This property cannot be expanded ({name}).{hint}")


def no_key() -> Refused:
    """Return what is said to who shows no key."""
    how = "You need to provide your API key in the Authorization header, using Bearer auth"
    return Refused(401, f"You did not provide an API key. {how} (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').")


def wrong_key(key: str) -> Refused:
    """Return what is said about a key that nobody has."""
    return Refused(401, f"Invalid API Key provided: {masked(key)}")


def expired_key(key: str) -> Refused:
    """Return what is said about a key that was good once."""
    return Refused(401, f"Expired API Key provided: {masked(key)}", code="api_key_expired")


def no_permission(key: str, permission: str, account: str) -> Refused:
    """Return what is said to a restricted key that may not do this."""
    message = (
        f"The provided key '{masked(key)}' does not have the required permissions for this endpoint on account "
        f"'{account}'. Having the '{permission}' permission would allow this request to continue."
    )
    return Refused(403, message, code="more_permissions_required", doc=False)


def too_many(headers: Mapping[str, str]) -> Refused:
    """Return what is said to who asks too often; the headers may say why, and when to come again."""
    message = "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits."
    return Refused(429, message, code="rate_limit", headers=headers)


def broken() -> Refused:
    """Return what is said where something went wrong at Stripe."""
    return Refused(500, "An unknown error occurred")


def masked(key: str) -> str:
    """Return a key as Stripe quotes it: its kind, stars, and its last four letters."""
    kind = "_".join(key.split("_")[:2]) + "_" if key.count("_") > 1 else ""
    return f"{kind}{'*' * max(len(key) - len(kind) - 4, 0)}{key[-4:]}"
