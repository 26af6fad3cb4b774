"""Judge inline scripts: what they load, and whether they are a vendor's snippet and nothing else.

`tokens` splits a script into tokens, `structure` finds its functions and statements, `flow` where its strings go,
`markup` what the markup in its strings loads, `loads` what the script loads, and `snippets` whether it is a snippet.
"""
