"""The sandbox's own pages: the world at a glance, a store admin, a seller center, shoppers, faults and logs.

Plain HTML made on the server, with which a person plays both platforms by hand. Everything they do goes through the
control API and its actions; they know no rule of either platform.
"""

from twinshelf_sandbox.pages.site import Pages

__all__ = ["Pages"]
