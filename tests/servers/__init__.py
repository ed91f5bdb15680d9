"""Model providers on loopback that speak the real protocols, for tests and for trying by hand."""

from tests.servers.claude import ClaudeServer
from tests.servers.compatible import OpenAIServer
from tests.servers.core import Recorded, Step
from tests.servers.embedding import EmbeddingServer

__all__ = ["ClaudeServer", "EmbeddingServer", "OpenAIServer", "Recorded", "Step"]
