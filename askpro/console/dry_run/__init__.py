"""What would happen if: a webhook event's replay, or a dead job's retry, done in a transaction that is rolled back.

`page` asks, and shows what came of it (`told` says it in words, masked as the reader may see it). `process` starts a
process of its own for it (`__main__`), so that no thread, cache, ContextVar or module of the console's process ever
holds what a dry run made; the process ends with the answer, and is killed if it gives none. There, `rehearsal` does the
work: in a sealed transaction (`sealing`), with its writes followed by key (`footprints`), and the rows read before and
after (`difference`). `askpro.outside` refuses every request; `kinds` says what can be tried, and apps enter theirs.

What other jobs would do then is asked of settle itself (`askpro.queues.jobs.following`); `others` says it in words, as
`cells` does with a column's value.
"""
