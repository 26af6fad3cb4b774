"""What an inline script says and does: `tokens` reads its text, `structure` its functions and statements, `loads` finds
what it loads, and `markup` what the markup in its strings loads.

Knows: JavaScript, and by which means scripts load something.
Must not know: any vendor, consent, HTML pages, HTTP.
"""
