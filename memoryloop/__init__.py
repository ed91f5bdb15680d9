"""What no app owns: settings, `serve`, the embedded PostgreSQL, model providers, embeddings."""

import os

# Before numpy is imported. Requests, jobs and both halves of the embedder share the processors
# already; with threads of its own, numpy takes five times as long for small matrices.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
