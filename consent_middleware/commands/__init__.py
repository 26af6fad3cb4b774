"""The command line: `consent-middleware`, `python -m consent_middleware`, `flask consent` and `manage.py consent`."""
