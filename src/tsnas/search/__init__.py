"""Search: strategies that propose architectures, exact derivation within limits, and the contest of finalists."""

import pkgutil

import lazy_loader

# Pages name its modules as places to build on, so that they are found without an import of each.
__getattr__, __dir__, __all__ = lazy_loader.attach(__name__, [module.name for module in pkgutil.iter_modules(__path__)])
