"""Where the nodes of tests are forked from: a process that has imported what they need."""

import multiprocessing

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.sync.dying_nodes", "tests.sync.keeping.wiped_nodes"])
