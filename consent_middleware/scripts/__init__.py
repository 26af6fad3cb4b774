"""Judge inline scripts: what they load, and whether they are a vendor's snippet and nothing else.

`tokens` splits a script into tokens, `structure` finds its functions and statements, `loads` finds what it loads,
`markup` what the markup in its strings loads, and `snippets` whether it is a snippet.
"""
