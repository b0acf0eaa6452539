"""What is answered instead of an object, as recorded at Stripe."""

import pytest

from fake_stripe import schemas
from upswell_connectors.fake_stripe import ACACIA, ENDIVE, Account
from upswell_connectors.fake_stripe.api import ACCOUNT, Api, Asked
from upswell_connectors.fake_stripe.catalogue import add_product
from upswell_connectors.fake_stripe.keys import shown_key
from upswell_connectors.fake_stripe.refusals import Refused, masked

KEY = "rk_test_restricted_key_1234"


@pytest.mark.parametrize(
    ("target", "status", "error"),
    [
        (
            "/v1/customers?limit=abc",
            400,
            {"code": "parameter_invalid_integer", "message": "Invalid integer: abc", "param": "limit"},
        ),
        (
            "/v1/customers?wat=x",
            400,
            {"code": "parameter_unknown", "message": "Received unknown parameter: wat", "param": "wat"},
        ),
        (
            "/v1/customers?a.b[c]=1",
            400,
            {"code": "parameter_unknown", "message": "Received unknown parameter: a.b[c]", "param": "a.b[c]"},
        ),
        (
            "/v1/customers?created[gtx]=1",
            400,
            {
                "code": "parameter_unknown",
                "message": "Received unknown parameter: created[gtx]",
                "param": "created[gtx]",
            },
        ),
        (
            "/v1/customers?starting_after=cus_aaa",
            400,
            {"code": "resource_missing", "message": "No such customer: 'cus_aaa'", "param": "starting_after"},
        ),
        (
            "/v1/invoices?ending_before=in_aaa",
            400,
            {"code": "resource_missing", "message": "No such invoice: 'in_aaa'", "param": "ending_before"},
        ),
        (
            "/v1/customers?starting_after=cus_a&ending_before=cus_b",
            400,
            {"message": "Received both starting_after and ending_before parameters. Please pass in only one."},
        ),
        (
            "/v1/subscriptions/sub_aaa",
            404,
            {"code": "resource_missing", "message": "No such subscription: 'sub_aaa'", "param": "id"},
        ),
        (
            "/v1/invoices/in_aaa/lines",
            404,
            {"code": "resource_missing", "message": "No such invoice: 'in_aaa'", "param": "id"},
        ),
        (
            "/v1/subscription_items/si_aaa",
            404,
            {"code": "resource_missing", "message": "No such subscription_item: 'si_aaa'", "param": "item"},
        ),
        (
            "/v1/subscription_items",
            400,
            {
                "code": "parameter_missing",
                "message": "Missing required param: subscription.",
                "param": "subscription",
            },
        ),
        ("/v1/prices?active=maybe", 400, {"message": "Invalid boolean: maybe", "param": "active"}),
        (
            "/v1/invoices?status=lost",
            400,
            {
                "message": "Invalid status: must be one of draft, open, paid, uncollectible, or void",
                "param": "status",
            },
        ),
        (
            "/v1/invoices?customer=",
            400,
            {
                "code": "parameter_invalid_empty",
                "message": "You passed an empty string for 'customer'. You should remove 'customer' from your request "
                "or supply a value.",
                "param": "customer",
            },
        ),
        (
            "/v1/events?" + "&".join(f"types[]=a.b{n}" for n in range(21)),
            400,
            {"message": "You may pass at most 20 types.", "param": "types"},
        ),
        ("/v1/events?types[]=price.*", 400, {"message": "A wildcard may be passed in type only.", "param": "types"}),
        (
            "/v1/events?type=price.created&types[]=price.updated",
            400,
            {"message": "You may pass either type or types, but not both.", "param": "types"},
        ),
        (
            "/v1/nothing",
            404,
            {
                "message": "Unrecognized request URL (GET: /v1/nothing). Please see https://stripe.com/docs or we can "
                "help at https://support.stripe.com/."
            },
        ),
    ],
)
def test_what_is_wrong_is_said_in_stripes_envelope(account, target, status, error):
    """Each mistake has Stripe's status, code, parameter and text, and where there is a code, the page about it."""
    found_status, body = Api(account).get(target)
    if "code" in error:
        error["doc_url"] = f"https://stripe.com/docs/error-codes/{error['code'].replace('_', '-')}"
    assert (found_status, body) == (status, {"error": {**error, "type": "invalid_request_error"}})
    assert not list(schemas.validator(ENDIVE.name, "error").iter_errors(body))


@pytest.mark.parametrize(
    ("header", "message"),
    [
        (None, "You did not provide an API key."),
        ("Digest sk_test_fake", "You did not provide an API key."),
        ("Basic !", "You did not provide an API key."),
        ("Bearer sk_test_wrong_key_7777", "Invalid API Key provided: sk_test_**********7777"),
        ("Bearer nonsense", "Invalid API Key provided: ****ense"),
    ],
)
def test_without_a_good_key_nothing_is_answered(account, header, message):
    """No key, a key in another form and a key that nobody has are answered with 401, the key masked."""
    headers = {} if header is None else {"authorization": header}
    api = Api(account, keys={"sk_test_right": None})
    answer = api.answer(Asked("GET", "/v1/prices", headers))
    assert answer.status == 401
    assert schemas.loads(answer.body)["error"]["message"].startswith(message)
    assert api.get("/v1/prices", "sk_test_right")[0] == 200


def test_a_key_may_be_shown_as_a_user():
    """Basic authentication with the key as the user is as good as Bearer."""
    assert shown_key("Basic c2tfdGVzdF9mYWtlOg==") == "sk_test_fake"
    assert shown_key("Bearer sk_test_fake") == "sk_test_fake"
    with pytest.raises(Refused, match="did not provide"):
        shown_key("Basic c2tfdGVzdA===x")


def test_a_restricted_key_does_what_it_may(account):
    """A restricted key is answered where its permissions are, and elsewhere with 403 and the permission that lacks."""
    api = Api(account, keys={KEY: frozenset({"rak_plan_read", "rak_webhook_read"})})
    assert api.get("/v1/prices", KEY)[0] == 200
    status, body = api.get("/v1/subscriptions", KEY)
    assert (status, body["error"]["code"]) == (403, "more_permissions_required")
    assert body["error"]["message"] == (
        f"The provided key '{masked(KEY)}' does not have the required permissions for this endpoint on account "
        f"'{ACCOUNT}'. Having the 'rak_subscription_read' permission would allow this request to continue."
    )
    post = Asked("POST", "/v1/webhook_endpoints", {"authorization": f"Bearer {KEY}"}, b"url=https://a.example/")
    assert b"rak_webhook_write" in api.answer(post).body
    assert KEY not in str(body)


@pytest.mark.parametrize(
    ("target", "permission"),
    [
        ("/v1/account", "rak_accounts_kyc_basic_read"),
        ("/v1/billing/meters", "rak_billing_meter_read"),
        ("/v1/subscription_items?subscription=sub_1", "rak_subscription_read"),
        ("/v1/subscription_schedules/sub_sched_1", "rak_subscription_read"),
        ("/v1/invoices/in_1/lines", "rak_invoice_read"),
        ("/v1/prices?limit=1", "rak_plan_read"),
        ("/v1/nothing", "rak_other_read"),
    ],
)
def test_each_address_needs_its_permission(account, target, permission):
    """Without the one permission that belongs to an address it is refused, named; with that one alone it is not."""
    api = Api(account, keys={"rk_test_none": frozenset(), "rk_test_one": frozenset({permission})})
    assert f"'{permission}'" in api.get(target, "rk_test_none")[1]["error"]["message"]
    assert api.get(target, "rk_test_one")[0] != 403


def test_each_mode_sees_its_own_data():
    """A key of the other mode sees an empty account, and is told where an object lies; `livemode` says the mode."""
    live = Account(seed="live", now=1_768_471_200, livemode=True)
    product, api = add_product(live, "Pro"), Api(live)
    assert api.get(f"/v1/products/{product}", "sk_live_fake")[1]["livemode"] is True
    assert live.events[0]["livemode"] is True
    assert api.get("/v1/products", "rk_test_fake")[1]["data"] == []
    assert api.get("/v1/events", "sk_test_fake")[1]["data"] == []
    status, body = api.get(f"/v1/products/{product}", "sk_test_fake")
    similar = "a similar object exists in live mode, but a test mode key was used to make this request."
    assert (status, body["error"]["message"]) == (404, f"No such product: '{product}'; {similar}")
    assert api.get("/v1/products/prod_none", "sk_test_fake")[1]["error"]["message"] == "No such product: 'prod_none'"


@pytest.mark.parametrize("name", ["not-a-real-version", "2026", "2026-10-28.ENDIVE"])
def test_a_version_that_is_none_is_refused(account, name):
    """A `Stripe-Version` in no form of Stripe's is answered with 400."""
    headers = {"authorization": "Bearer sk_test_fake", "stripe-version": name}
    answer = Api(account).answer(Asked("GET", "/v1/customers", headers))
    assert answer.status == 400
    assert schemas.loads(answer.body) == {
        "error": {"message": f"Invalid Stripe API version: {name}", "type": "invalid_request_error"}
    }


def test_without_a_version_the_accounts_is_answered(account):
    """Who names no version is answered in the account's own, and told which that is."""
    account.version = ACACIA
    answer = Api(account).answer(Asked("GET", "/v1/prices", {"authorization": "Bearer sk_test_fake"}))
    assert answer.headers["Stripe-Version"] == ACACIA.name
    assert answer.headers["Request-Id"].startswith("req_")


def test_the_account_can_be_asked_for(account):
    """`/v1/account` says whose key it is."""
    status, found = Api(account).get("/v1/account")
    assert (status, found["id"]) == (200, ACCOUNT)
    assert schemas.wrong(ENDIVE.name, [found]) == []
    assert Api(account).get("/v1/account?limit=1")[0] == 400
