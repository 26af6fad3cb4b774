"""Sites of other frameworks than those with an adapter of their own, wrapped as their documentation says."""
