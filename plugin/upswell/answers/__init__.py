"""What the ledger is asked: summaries, explanations, backtests, audits."""
