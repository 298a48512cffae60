"""How good the policies are: every rung of the ladder and its peers on held-out days."""
