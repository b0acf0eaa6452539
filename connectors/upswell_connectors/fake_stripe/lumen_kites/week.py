"""The last complete week, day by day, and the days after it: busy, with something of everything."""

from upswell_connectors.fake_stripe.lumen_kites.guests import Guest, Stage
from upswell_connectors.fake_stripe.subscriptions import Terms

_SALES = {"sales_rep": "Aunt Zephyrine"}


def perform(stage: Stage) -> None:
    """Write the week into the calendar."""
    _growing(stage)
    _shrinking(stage)
    _coming(stage)
    _repriced(stage)
    _since_then(stage)


def _growing(stage: Stage) -> None:
    """Expansion of every kind; the overage comes with the renewals of a customer that measures a lot."""
    bakery = Guest(stage, "The Upside-Down Bakery")
    stage.on(-168, "09:14:00", bakery.joins, {"gale": 10})
    stage.on(1, "10:32:17", bakery.changes, "gale", "jetstream", quantity=25, prorate="always_invoice")
    ferries = Guest(stage, "Ferries to Nowhere")
    stage.on(-131, "13:41:00", ferries.joins, {"jetstream": 18})
    stage.on(2, "15:05:40", ferries.changes, "jetstream", quantity=31, prorate="always_invoice")
    shepherds = Guest(stage, "Cloud Shepherds United")
    stage.on(-116, "08:22:00", shepherds.joins, {"gale": 12})
    stage.on(3, "11:48:09", shepherds.adds, {"windmap": 1, "hangar": 40})
    postmen = Guest(stage, "Postmen of the Upper Air")
    stage.on(-94, "16:10:00", postmen.joins, {"breeze": 1})
    stage.on(2, "09:26:33", postmen.changes, "breeze", "gale", quantity=7, prorate="always_invoice")
    moths = Guest(stage, "Moths Without Borders")
    stage.on(-58, "10:00:00", moths.joins, {"gale": 6, "telemetry": 0})
    for day, units in ((-40, 3_000), (-12, 7_400)):
        stage.on(day, "20:15:00", moths.uses, "telemetry", units)
    clouds = Guest(stage, "Compagnie des Nuages")
    stage.on(-108, "09:35:00", clouds.joins, {"gale_euro": 8})
    stage.on(0, "14:11:26", clouds.changes, "gale_euro", quantity=11)
    castle = Guest(stage, "Castle in the Air Rentals")
    stage.on(-101, "09:50:00", castle.joins, {"gale": 15})
    stage.on(3, "14:00:12", castle.is_noted, _SALES)
    stage.on(3, "14:02:51", castle.changes, "gale", "jetstream", quantity=22, prorate="always_invoice")


def _shrinking(stage: Stage) -> None:
    """Seats given up, a plan stepped down, somebody who leaves, and somebody who will."""
    owls = Guest(stage, "Committee of Tired Owls")
    stage.on(-126, "11:00:00", owls.joins, {"gale": 14})
    stage.on(4, "16:44:02", owls.changes, "gale", quantity=9)
    anvil = Guest(stage, "Featherweight Anvils")
    stage.on(-81, "12:30:00", anvil.joins, {"jetstream": 9})
    stage.on(1, "17:20:30", anvil.changes, "jetstream", "gale", quantity=9)
    fog = Guest(stage, "Fogbound Fireworks")
    stage.on(-147, "10:15:00", fog.joins, {"gale": 5})
    stage.on(4, "10:09:55", fog.leaves)
    tide = Guest(stage, "Tidal Typewriters")
    stage.on(-139, "09:20:00", tide.joins, {"gale": 7})
    stage.on(4, "15:12:44", tide.schedules_end, feedback="unused")


def _coming(stage: Stage) -> None:
    """New customers, a trial that converts, a coupon that runs out, and one who is back."""
    harbour, library = Guest(stage, "Harbour of Paper Boats"), Guest(stage, "Library of Lost Balloons")
    stage.on(0, "09:31:08", harbour.joins, {"gale": 8}, Terms(checkout=True))
    stage.on(4, "13:15:26", library.joins, {"breeze": 1})
    trial = Guest(stage, "Tentative Thunderclouds")
    stage.on(-11, "12:40:00", trial.joins, {"gale": 6}, Terms(trial_days=14))
    returning = Guest(stage, "Lighthouse Number Ten")
    stage.on(-240, "10:20:00", returning.joins, {"gale": 6})
    stage.on(-104, "10:20:00", returning.leaves)
    stage.on(2, "08:58:47", returning.joins, {"gale": 7}, label="again")
    grateful = Guest(stage, "Half Price Horizons")
    stage.on(-61, "14:00:00", grateful.joins, {"gale": 9})
    stage.on(-30, "14:00:00", grateful.redeems, "GUILD20")
    stage.on(3, "09:00:00", grateful.loses_coupon)


def _repriced(stage: Stage) -> None:
    """Breeze goes from 29 to 34: more revenue, and no expansion at all."""
    stage.on(1, "08:00:00", stage.reprice, "breeze", "3400")


def _since_then(stage: Stage) -> None:
    """What has happened in the week that is running."""
    bridge = Guest(stage, "Bridge of Sighing Kites")
    stage.on(-73, "09:00:00", bridge.joins, {"gale": 6})
    stage.on(7, "10:24:13", bridge.changes, "gale", quantity=9)
    stage.on(9, "11:40:50", bridge.adds, {"windmap": 1})
    stage.on(8, "15:30:00", Guest(stage, "Sudden Parasols").joins, {"breeze": 1})
