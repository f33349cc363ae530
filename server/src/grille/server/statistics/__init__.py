"""Estimators: arrays in, frozen result dataclasses out. Never sees a session, a connection or a message.

Read in this order: `design` (terms to columns), `prefetch`, `ranges`, `cells`, `group_sums` (helpers of a pass),
`moments` (the one pass over the rows), `scaling` (kept columns, centred, scaled), `linear`, `ols` with `robust`, then
`nested`, `criterion`, `optimiser`, `whitening`, `sandwich`, `uncertainty` and `reml` (random intercepts), at last
`leverage` and `rarity` (what disclosure control asks of a design). May import text, errors, plan.aggregates, numpy and
scipy.special; never pandas or statsmodels. Processes that fit should start with one BLAS thread: the reading thread is
the second.
"""
