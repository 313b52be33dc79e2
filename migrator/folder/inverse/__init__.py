"""The way back that nobody wrote: derived from a migration's SQL where it is certain, and never guessed.

The migrations before are replayed into a **picture** of what the schema holds, with holes where a statement cannot be
followed. Each statement is then held against the picture as it is before it: what takes it back is certain, or there
is a reason why not.
"""

from migrator.folder.inverse.derive import inverse_of, inverses_of

__all__ = ["inverse_of", "inverses_of"]
