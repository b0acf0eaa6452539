"""Benchmarks: what surveys say of other companies, as context beside the figures, each with its source."""

from collections.abc import Iterator

from upswell.report.figures import Figures

SAAS_CAPITAL = "SaaS Capital, 2023"
CHARTMOGUL = "ChartMogul, 2023"


def hint(figures: Figures) -> str:
    """Say what is usual elsewhere of those yearly figures that there are; nothing where there are none.

    Medians of net and gross retention are SaaS Capital's (Research Brief 28: over 1,500 private B2B companies, by
    contract value, from below 12,000 to above 250,000 dollars a year); the share of expansion in the ARR gained is
    from ChartMogul's SaaS Benchmarks Report (over 2,100 companies).
    """
    return " ".join(_sentences(figures))


def _sentences(figures: Figures) -> Iterator[str]:
    retention = {"NRR 100–110%": figures.nrr.m12, "GRR 90–93%": figures.grr.m12}
    if known := [text for text, value in retention.items() if value is not None]:
        yield f"Elsewhere over 12 months: {' and '.join(known)} at the median, by contract value ({SAAS_CAPITAL})."
    if figures.expansion_share_of_new_mrr:
        yield f"Expansion is about 32% of the ARR won elsewhere ({CHARTMOGUL})."
