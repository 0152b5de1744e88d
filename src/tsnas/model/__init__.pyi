# The public names. __init__.py loads each when it is first used.
from .model import Model as Model
