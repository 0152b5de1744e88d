# The public names. __init__.py loads each when it is first used.
from .foreign import ForeignCallback as ForeignCallback
from .foreign import as_callbacks as as_callbacks
from .live import ConstraintMonitor as ConstraintMonitor
from .live import EarlyStopOnConvergence as EarlyStopOnConvergence
from .progress import ProgressBar as ProgressBar
from .search_board import SearchBoard as SearchBoard
