"""Signal processing and decisions: one folder a block, each with the class that applications use."""

from motes.blocks.micro_frontend.op import MicroFrontend as MicroFrontend
