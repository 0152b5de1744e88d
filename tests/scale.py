"""How many examples tests of properties try: few in `make test`, and as many as they name in `make test-long`."""

from hypothesis import HealthCheck, settings

# However busy the machine is: an example may take as long as it takes.
settings.register_profile("few", max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("many", settings.get_profile("few"), max_examples=100)


def scaled(examples: int) -> int:
    """Returns so many examples with the profile `many`, and a part of them with fewer."""
    return max(1, examples * settings().max_examples // 100)
