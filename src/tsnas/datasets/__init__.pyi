# The public names. __init__.py loads each when it is first used.
from . import shoulder as shoulder
from . import skoda as skoda
from . import uci_har as uci_har
from .npz import Dataset as Dataset
from .npz import load_npz as load_npz
