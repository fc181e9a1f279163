"""Which database flags take effect only when the database starts.

Cloud SQL restarts an instance for these as soon as they are set, changed or taken away. Google
tells which they are only by a call (`flags.list`, `requiresRestart`), so the tables follow the
databases: https://www.postgresql.org/docs/current/runtime-config.html ("can only be set at server
start") and https://dev.mysql.com/doc/refman/8.0/en/server-system-variables.html ("Dynamic: No").
Of a flag that is not listed nobody here knows, and plans say `may`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

POSTGRES = frozenset(
    {
        *("autovacuum_freeze_max_age", "autovacuum_multixact_freeze_max_age"),
        *("autovacuum_max_workers", "cloudsql.enable_pgaudit", "cloudsql.logical_decoding"),
        *("huge_pages", "max_connections", "max_files_per_process", "max_locks_per_transaction"),
        *("max_logical_replication_workers", "max_pred_locks_per_transaction"),
        *("max_prepared_transactions", "max_replication_slots", "max_wal_senders"),
        *("max_worker_processes", "old_snapshot_threshold", "shared_buffers"),
        *("track_activity_query_size", "track_commit_timestamp", "wal_buffers", "wal_level"),
    }
)
MYSQL = frozenset(
    {
        *("back_log", "default_authentication_plugin", "disabled_storage_engines"),
        *("ft_max_word_len", "ft_min_word_len", "ft_query_expansion_limit"),
        *("innodb_autoinc_lock_mode", "innodb_buffer_pool_chunk_size"),
        *("innodb_buffer_pool_instances", "innodb_flush_method", "innodb_ft_cache_size"),
        *("innodb_ft_max_token_size", "innodb_ft_min_token_size", "innodb_ft_sort_pll_degree"),
        *("innodb_ft_total_cache_size", "innodb_log_file_size", "innodb_numa_interleave"),
        *("innodb_page_cleaners", "innodb_purge_threads", "innodb_read_io_threads"),
        *("innodb_rollback_on_timeout", "innodb_sort_buffer_size", "innodb_sync_array_size"),
        *("innodb_write_io_threads", "lower_case_table_names", "max_digest_length"),
        *("ngram_token_size", "performance_schema", "replica_skip_errors", "skip_name_resolve"),
        *("skip_show_database", "slave_skip_errors", "table_open_cache_instances"),
        *("thread_stack",),
    }
)
_AT_START = {"POSTGRES": POSTGRES, "MYSQL": MYSQL}


def at_start(engine: str, before: object, after: object) -> tuple[list[str], list[str]]:
    """Of the flags in which two lists differ: those that need a restart, and those that may."""
    known = _AT_START.get(engine, frozenset())
    moved = sorted(_moved(before, after))
    return [name for name in moved if name in known], [name for name in moved if name not in known]


def _moved(before: Any, after: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    was, now = (
        {flag["name"]: flag.get("value") for flag in flags or ()} for flags in (before, after)
    )
    for name in {*was, *now}:
        absent = name not in was or name not in now
        if absent or str(was[name] or "") != str(now[name] or ""):
            yield str(name)
