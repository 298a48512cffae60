# Nothing of it is for Python: other compiled modules call it.
