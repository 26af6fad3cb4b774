"""Input that an attacker can write cannot abuse the middleware."""
