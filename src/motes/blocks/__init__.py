"""Signal processing and decisions: one folder a block, each with the class that applications use."""

from motes.blocks.detect import Detect as Detect
from motes.blocks.grey.op import Crop as Crop
from motes.blocks.grey.op import Resize as Resize
from motes.blocks.log_mel.op import LogMel as LogMel
from motes.blocks.micro_frontend.op import MicroFrontend as MicroFrontend
from motes.blocks.moving_average.op import MovingAverage as MovingAverage
from motes.blocks.reconstruction_error.op import ReconstructionError as ReconstructionError
from motes.blocks.sources import Accelerometer as Accelerometer
from motes.blocks.sources import Camera as Camera
from motes.blocks.sources import Microphone as Microphone
from motes.blocks.spectral_bands.op import SpectralBands as SpectralBands
from motes.blocks.suppress.op import Suppress as Suppress
from motes.blocks.threshold.op import Threshold as Threshold
