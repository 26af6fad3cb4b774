"""Evidence from a real browser of what a site sends to a vendor: the command `verify`.

`sessions` visits the site in Chromium, each time with a clean profile and another choice. `observe` records what the
browser did. `promises` judges that record, and is pure. `report` and `folder` write the result.

Nothing that answers requests imports this package. It needs Playwright: `pip install consent-middleware[verify]`.
"""
