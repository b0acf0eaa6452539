"""What ``config.toml`` may say of outgoing webhooks."""

from typing import Annotated, Literal

from upswell.configuration.option_types import File, Section, Url, Variable, Variables, note, said


class HookEndpoint(Section, frozen=True):
    """An address that is told at once, by signed webhooks: docs/hooks.md. As many as you need."""

    name: Annotated[
        Annotated[str, said("lower-case letters, digits, - and _", r"\A[a-z0-9_-]{1,40}\Z")],
        note("What it is called in `upswell hooks` and the log.", "campaigns"),
    ]
    url: Annotated[
        Url | None,
        note("Its address, https:// unless it is this machine's own.", "https://app.example.com/webhooks/upswell"),
    ] = None
    url_env: Annotated[
        Variable,
        note("The environment variable that holds the address, where it is a secret as Zapier's are."),
    ] = "UPSWELL_HOOK_URL"
    url_file: Annotated[
        File | None, note("A file that holds it, instead of the environment.", "/run/secrets/hook_url")
    ] = None
    secret_env: Annotated[
        Variables,
        note(
            "The environment variable that holds the secret it is signed with (whsec_ and base64); "
            "several with commas between them."
        ),
    ] = "UPSWELL_HOOK_SECRET"
    secret_file: Annotated[
        File | None,
        note("A file that holds it, one secret a line, instead of the environment.", "/run/secrets/hook_secret"),
    ] = None
    events: Annotated[
        tuple[Literal["movement.recorded", "movement.restated", "signal.raised", "signal.cleared"], ...],
        note("What it is told."),
    ] = ("movement.recorded", "movement.restated", "signal.raised", "signal.cleared")
    people: Annotated[bool, note("true: it is also told the customer's name and email address.")] = False


class Hooks(Section, frozen=True):
    """Outgoing webhooks: who is told at once what happened."""

    endpoint: tuple[HookEndpoint, ...] = ()
