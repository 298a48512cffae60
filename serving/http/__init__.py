"""The door: routes, limits, the API's description."""
