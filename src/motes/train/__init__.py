"""What training needs of Motes: features made by the very C that runs on the board."""

from motes.train.features import on_host as on_host

__all__ = ["on_host"]
