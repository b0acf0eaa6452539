"""The views that the reference documents, for whoever reads the file with other tools."""

_HAPPENED = "occurred_at <= strftime('%Y-%m-%dT%H:%M:%SZ', 'now')"
_THURSDAY = "date(occurred_at, '-3 days', 'weekday 4')"  # it lies in the year that ISO counts its week in
_WEEK = f"strftime('%Y', {_THURSDAY}) || printf('-W%02d', (strftime('%j', {_THURSDAY}) + 6) / 7)"

_SUMS = """
SELECT {period}, currency, kind, sum(amount) AS amount, count(*) AS movements, count(DISTINCT customer) AS customers
FROM movements WHERE {happened} GROUP BY 1, currency, kind
"""

VIEWS = {
    "customer_names": """
        SELECT account AS customer, coalesce((
            SELECT nullif(coalesce(json_extract(value, '$.name'), json_extract(value, '$.email')), '') FROM customers
            WHERE id IN (SELECT customer FROM accounts WHERE account = own.account)
            ORDER BY at DESC, event DESC LIMIT 1
        ), account) AS name
        FROM (SELECT DISTINCT account FROM accounts) AS own
    """,
    # With max(), SQLite takes the other columns from the row that holds it.
    "mrr_by_customer": f"""
        SELECT customer, coalesce(name, customer) AS name, currency, mrr, since FROM (
            SELECT customer, currency, mrr_after AS mrr, occurred_at AS since, max(step)
            FROM movements WHERE {_HAPPENED} GROUP BY customer, currency
        ) LEFT JOIN customer_names USING (customer)
    """,
    "movements_by_week": _SUMS.format(period=f"{_WEEK} AS week", happened=_HAPPENED),
    "movements_by_month": _SUMS.format(period="substr(occurred_at, 1, 7) AS month", happened=_HAPPENED),
    "expansion_by_customer": f"""
        SELECT customer, coalesce(name, customer) AS name, currency, expansion, upgrade, add_on, seat, overage,
               movements, first_at, last_at
        FROM (
            SELECT customer, currency, sum(amount) AS expansion,
                   sum(iif(kind = 'upgrade', amount, 0)) AS upgrade, sum(iif(kind = 'add_on', amount, 0)) AS add_on,
                   sum(iif(kind = 'seat', amount, 0)) AS seat, sum(iif(kind = 'overage', amount, 0)) AS overage,
                   count(*) AS movements, min(occurred_at) AS first_at, max(occurred_at) AS last_at
            FROM movements WHERE kind IN ('upgrade', 'add_on', 'seat', 'overage') AND {_HAPPENED}
            GROUP BY customer, currency
        ) LEFT JOIN customer_names USING (customer)
    """,
}
