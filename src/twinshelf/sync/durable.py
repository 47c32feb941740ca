"""The engine on DBOS: durable workflows on SQLite by default, on PostgreSQL across machines.

A workflow per slice of a lane and per task. Arguments and results are ids and small JSON. Facts
about DBOS 3.4 that this rests on are in docs/decisions/.
"""

from __future__ import annotations

import queue
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import sqlalchemy
import structlog
from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer
from django.conf import settings
from sqlalchemy import event

from twinshelf.sync import drain, lanes, leases, schedules, tasks
from twinshelf.sync.engine import WorkState
from twinshelf.sync.flows import BULK, ORDERS, SYNC

log = structlog.get_logger(__name__)

CONTRACT = "2"
"""Version of the workflows below. Raise it when their steps change shape; DBOS would otherwise hash the source."""

QUEUES = {ORDERS: 0.2, SYNC: 0.5, BULK: 0.5}
"""Queue → seconds between polls. Few and not often: each poll costs 10 ms of CPU. Partitioned by lane."""

TICK_CRON = "*/2 * * * * *"
CLEAN_CRON = "0 17 3 * * *"
KEEP_FINISHED_SECONDS = 86_400.0


def _sqlite_engine() -> sqlalchemy.Engine:
    settings.OPERATOR.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = sqlalchemy.create_engine(f"sqlite:///{settings.OPERATOR.data / 'engine.sqlite3'}", pool_size=20)

    @event.listens_for(made, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        # As DBOS sets its own engine up, and WAL and synchronous besides: without them it is three times slower.
        connection.isolation_level = "IMMEDIATE"
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=30000", "foreign_keys=ON"):
            connection.execute(f"pragma {pragma}")

    return made


def _database() -> dict[str, Any]:
    if settings.OPERATOR.database_url:
        return {"system_database_url": settings.OPERATOR.database_url.replace("postgres://", "postgresql://", 1)}
    return {"system_database_engine": _sqlite_engine()}


@DBOS.workflow(name="drain.v2")
def drain_lane(lane_id: int, epoch: int) -> None:
    """Work off one slice of a lane, then sleep or hand over to the next epoch.

    Without steps: what must survive a crash is on rows of ours, and a slice begun again observes everything afresh.
    """
    drain.slice_of(lane_id, epoch)


@DBOS.step(name="task_slice.v1")
def _task_slice(task_id: int, failures: int) -> float | None:
    return tasks.attempt(task_id, failures)


@DBOS.workflow(name="task.v1")
def run_task(task_id: int) -> None:
    """Carry a task out, slice by slice; its place is kept in its own row, so a repeated slice goes on from there."""
    failures = 0
    while (wait := _task_slice(task_id, failures)) is not None:
        failures = failures + 1 if wait else 0
        if wait:
            DBOS.sleep(wait)


@DBOS.step(name="tick.v1")
def _tick() -> int:
    return lanes.sweep() + tasks.sweep() + schedules.tick()


@DBOS.workflow(name="tick_all.v1")
def tick(_at: datetime, _context: Any) -> None:
    """Wake what is due, look after what was left lying, ask for what the timetables say."""
    _tick()


@DBOS.step(name="clean.v1")
def _clean() -> int:
    return _client_of_process().clean_up(KEEP_FINISHED_SECONDS)


@DBOS.workflow(name="clean_all.v1")
def clean(_at: datetime, _context: Any) -> None:
    """Forget finished workflows: DBOS keeps them for ever by itself."""
    _clean()


class DurableClient:
    """The engine as a process without workflows sees it (the web): it enqueues and asks, through `DBOSClient`.

    Enqueuing happens on a thread of its own: a request never waits for the engine's database. What a crash keeps from
    being enqueued, the sweep enqueues.
    """

    patience_seconds = 5.0

    def __init__(self) -> None:
        self._client = DBOSClient(
            **_database(), serializer=DBOSPortableJSONSerializer(), application_name="twinshelf", lazy=True
        )
        self._queue: queue.SimpleQueue[tuple[dict[str, Any], tuple[Any, ...]] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._enqueue_all, daemon=True, name="enqueue")
        self._thread.start()

    def wake(self, lane_id: int, epoch: int, queue: str) -> None:
        """As `Engine.wake`: the workflow's id is (lane, epoch), so DBOS itself drops a second one."""
        options = {
            "workflow_name": "drain.v2",
            "queue_name": queue,
            "workflow_id": _drain_id(lane_id, epoch),
            "app_version": CONTRACT,
            "queue_partition_key": f"lane:{lane_id}",
        }
        self._queue.put((options, (lane_id, epoch)))

    def run_task(self, task_id: int) -> None:
        """As `Engine.run_task`: the workflow's id is the task's, so DBOS itself drops a second one."""
        options = {
            "workflow_name": "task.v1",
            "queue_name": BULK,
            "workflow_id": f"task:{task_id}",
            "app_version": CONTRACT,
            "queue_partition_key": f"task:{task_id}",
        }
        self._queue.put((options, (task_id,)))

    def _enqueue_all(self) -> None:
        while (item := self._queue.get()) is not None:
            options, arguments = item
            try:
                self._client.enqueue(options, *arguments)  # type: ignore[arg-type]
            except Exception:  # the sweep will do it
                log.exception("could not enqueue", workflow=options["workflow_id"])

    def status(self, lane_id: int, epoch: int) -> WorkState:
        """As `Engine.status`."""
        return self._status(_drain_id(lane_id, epoch))

    def task_status(self, task_id: int) -> WorkState:
        """As `Engine.task_status`."""
        return self._status(f"task:{task_id}")

    def _status(self, workflow_id: str) -> WorkState:
        """As `Engine.status`; a workflow that broke or was cancelled counts as ended."""
        found = self._client.list_workflows(workflow_ids=[workflow_id], load_input=False, load_output=False, limit=1)
        if not found:
            return "missing"
        return "running" if found[0].status in {"PENDING", "ENQUEUED", "DELAYED"} else "ended"

    def clean_up(self, older_than_seconds: float) -> int:
        """As `Engine.clean_up`, a thousand workflows a round."""
        before = (datetime.now(UTC) - timedelta(seconds=older_than_seconds)).isoformat()  # noqa: TID251 - DBOS's own clock
        deleted = 0
        while True:
            done = self._client.list_workflows(
                status=["SUCCESS", "ERROR", "CANCELLED"],
                completed_before=before,
                load_input=False,
                load_output=False,
                limit=1000,
            )
            if not done:
                return deleted
            self._client.delete_workflows([workflow.workflow_id for workflow in done])
            deleted += len(done)

    def rescue(self, executor_id: str) -> int:
        """Resume what a dead executor left running. DBOS leaves it lying unless the same executor comes back."""
        orphans = self._client.list_workflows(
            status="PENDING", executor_id=executor_id, load_input=False, load_output=False
        )
        for orphan in orphans:
            self._client.resume_workflow(orphan.workflow_id, queue_name=orphan.queue_name)
        return len(orphans)

    def close(self) -> None:
        """Enqueue what is still waiting, for at most five seconds, and let go of the engine's database."""
        self._queue.put(None)
        self._thread.join(timeout=5)
        self._client.destroy()


_process_client: DurableClient | None = None


def _client_of_process() -> DurableClient:
    if _process_client is None:
        msg = "the durable engine is not running in this process"
        raise RuntimeError(msg)
    return _process_client


def connect() -> DurableClient:
    """The engine for a process that runs no workflows itself. The system database must exist (`migrate`)."""
    global _process_client  # noqa: PLW0603 - one per process
    _process_client = DurableClient()
    return _process_client


def migrate() -> None:
    """Create or update the engine's own tables. Safe to repeat."""
    url = settings.OPERATOR.database_url
    if url:
        DBOS.migrate(url.replace("postgres://", "postgresql://", 1))
    else:
        engine = _sqlite_engine()  # makes the file in WAL mode before DBOS opens it
        engine.connect().close()
        engine.dispose()
        DBOS.migrate(f"sqlite:///{settings.OPERATOR.data / 'engine.sqlite3'}")


def launch() -> tuple[DurableClient, leases.Lease]:
    """Start working off workflows in this process. Call once, after Django is set up; `shutdown` ends it."""
    global _process_client  # noqa: PLW0603 - one per process
    lease = leases.take(settings.OPERATOR.slot, holder=uuid4().hex)
    config: DBOSConfig = {
        "name": "twinshelf",
        "application_version": CONTRACT,
        "executor_id": lease.slot,
        "log_level": "WARNING",
        "serializer": DBOSPortableJSONSerializer(),
        "sys_db_pool_size": 20,
        "scheduler_polling_interval_sec": 1.0,
        "max_executor_threads": max(32, settings.OPERATOR.worker_threads * 2),
        "use_listen_notify": False,
        **_database(),  # type: ignore[typeddict-item]
    }
    DBOS(config=config)
    drain.use_threads(settings.OPERATOR.worker_threads * 2)
    DBOS.launch()
    for name, poll_seconds in QUEUES.items():
        DBOS.register_queue(
            name,
            worker_concurrency=settings.OPERATOR.worker_threads,
            partition_concurrency=1,
            polling_interval_sec=poll_seconds,
            on_conflict="always_update",
        )
    DBOS.apply_schedules(
        [
            {"schedule_name": "tick", "workflow_fn": tick, "schedule": TICK_CRON},
            {"schedule_name": "clean", "workflow_fn": clean, "schedule": CLEAN_CRON},
        ]
    )
    _process_client = DurableClient()
    lease.keep(on_death=_process_client.rescue)
    return _process_client, lease


def shutdown(lease: leases.Lease) -> None:
    """Stop taking work, finish what runs for a moment, give the slot back."""
    DBOS.destroy(workflow_completion_timeout_sec=5)
    lease.give_back()
    drain.use_threads(0)
    if _process_client is not None:
        _process_client.close()


def _drain_id(lane_id: int, epoch: int) -> str:
    return f"lane:{lane_id}:{epoch}"
