"""The command `audit`: what pages load from vendors, as html5lib reads them, and what a policy does with it.

Nothing that serves a request imports this package. It needs html5lib, which the extra `audit` installs.
"""
