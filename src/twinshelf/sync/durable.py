"""The engine on DBOS: durable workflows on SQLite by default, on PostgreSQL across machines.

A workflow per slice of a lane and per task. Arguments and results are ids and small JSON. What waits to be started
stands on the rows of lanes and tasks themselves, where a dispatcher of ours takes it: one cheap question for all of
it, asked again at once when something in this process wakes a lane. DBOS's own queues are polled one by one, at ten
times the price, and know no such event. Facts about DBOS 3.4 that this rests on are in docs/decisions/.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy
import structlog
from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer, SetWorkflowID
from django.conf import settings
from django.db import close_old_connections, connection, connections
from django.db.models import QuerySet
from django_scopes import scopes_disabled
from sqlalchemy import event

from twinshelf.kit import clock
from twinshelf.kit.sqlite import wal
from twinshelf.sync import drain, lanes, leases, schedules, tasks
from twinshelf.sync.engine import WorkState
from twinshelf.sync.flows import BULK, ORDERS, SYNC, installed
from twinshelf.sync.models import Lane, Task, TaskState

log = structlog.get_logger(__name__)

CONTRACT = "3"
"""Version of the workflows below. Raise it when their steps change shape; DBOS would otherwise hash the source."""

DISPATCH_SECONDS = 0.2
"""Between two looks at what other processes have woken; what this one wakes is dispatched at once."""
TICK_SECONDS = 2.0
CLEAN_SECONDS = 6 * 3600.0
KEEP_FINISHED_SECONDS = 86_400.0


def _sqlite_engine() -> sqlalchemy.Engine:
    settings.OPERATOR.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = sqlalchemy.create_engine(f"sqlite:///{settings.OPERATOR.data / 'engine.sqlite3'}", pool_size=20)

    @event.listens_for(made, "connect")
    def _pragmas(connection: Any, _record: Any) -> None:
        # As DBOS sets its own engine up, and WAL and synchronous besides: without them it is three times slower.
        connection.isolation_level = "IMMEDIATE"
        for pragma in (
            "journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=30000", "foreign_keys=ON",
            f"journal_size_limit={wal.LIMIT}",
        ):  # fmt: skip
            connection.execute(f"pragma {pragma}")

    return made


def _database() -> dict[str, Any]:
    if settings.OPERATOR.database_url:
        return {"system_database_url": settings.OPERATOR.database_url.replace("postgres://", "postgresql://", 1)}
    return {"system_database_engine": _sqlite_engine()}


@DBOS.workflow(name="drain.v3")
def drain_lane(lane_id: int, epoch: int) -> None:
    """Work off one slice of a lane, then sleep or hand over to the next epoch.

    Without steps: what must survive a crash is on rows of ours, and a slice begun again observes everything afresh.
    """
    try:
        drain.slice_of(lane_id, epoch)
    finally:
        _ended(_drain_id(lane_id, epoch, ""))


@DBOS.step(name="task_slice.v1")
def _task_slice(task_id: int, failures: int) -> float | None:
    return tasks.attempt(task_id, failures)


@DBOS.workflow(name="task.v2")
def run_task(task_id: int) -> None:
    """Carry a task out, slice by slice; its place is kept in its own row, so a repeated slice goes on from there."""
    failures = 0
    try:
        while (wait := _task_slice(task_id, failures)) is not None:
            failures = failures + 1 if wait else 0
            if wait:
                DBOS.sleep(wait)
    finally:
        _ended(_task_id(task_id, ""))


class Dispatcher:
    """Starts what is woken: a thread that takes rows of lanes and tasks, and a thread that keeps the timetables.

    A row is taken by one process of all. At most `worker_threads` workflows of a queue run here at once; the rest
    stays where any process can take it. One that dies between taking and starting is noticed by the sweep.
    """

    def __init__(self) -> None:
        self._woken = threading.Event()
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._running: dict[str, str] = {}  # by workflow, without its token: its queue
        self._threads = [
            threading.Thread(target=self._dispatch_all, daemon=True, name="dispatch"),
            threading.Thread(target=self._tick_all, daemon=True, name="tick"),
        ]

    def start(self) -> None:
        """Begin. Call once."""
        for thread in self._threads:
            thread.start()

    def nudge(self) -> None:
        """Something was woken in this process, or has ended: look now."""
        self._woken.set()

    def stop(self) -> None:
        """Take nothing more. What runs goes on."""
        self._stop.set()
        self._woken.set()
        for thread in self._threads:
            thread.join(timeout=5)

    def ended(self, name: str) -> None:
        """A workflow has ended here, so there is room for another one."""
        with self._lock:
            if self._running.pop(name, None) is not None:
                self._woken.set()

    def _dispatch_all(self) -> None:
        while not self._stop.is_set():
            try:
                close_old_connections()
                self._dispatch()
            except Exception:  # a database away for a moment must not end the dispatching
                log.exception("could not dispatch")
                self._stop.wait(1.0)
            self._woken.wait(DISPATCH_SECONDS)
            self._woken.clear()
        connections.close_all()

    def _tick_all(self) -> None:
        next_clean = clock.monotonic() + CLEAN_SECONDS / 12
        while not self._stop.wait(TICK_SECONDS):
            try:
                close_old_connections()
                lanes.sweep()
                tasks.sweep()
                schedules.tick()
                self._forget_others()
                if not settings.OPERATOR.database_url:
                    wal.shrink(settings.OPERATOR.data / name for name in ("twinshelf.sqlite3", "engine.sqlite3"))
                if clock.monotonic() >= next_clean:
                    next_clean = clock.monotonic() + CLEAN_SECONDS
                    _client_of_process().clean_up(KEEP_FINISHED_SECONDS)
            except Exception:  # the same
                log.exception("a tick failed")
        connections.close_all()

    def _dispatch(self) -> None:
        waiting = _rows(_WAITING_LANES)
        if len(waiting) == AT_ONCE:  # what there is room for may stand behind what there is none for
            waiting = [row for kinds in self._kinds_with_room() for row in _rows(_WAITING_LANES, kinds)]
        for lane_id, kind, epoch, token in waiting:
            queue, name = _queue_of(kind), _drain_id(lane_id, epoch, "")
            if self._take_room(queue, name):
                taken = self._taken(name, Lane.objects.filter(id=lane_id, epoch=epoch))
                self._begin(queue, name, token, drain_lane, (lane_id, epoch), taken=taken)
        with scopes_disabled():
            for task_id, token in _rows(_WAITING_TASKS, _one_of(installed.tasks)):
                name = _task_id(task_id, "")
                if self._take_room(BULK, name):
                    taken = self._taken(name, Task.objects.filter(id=task_id))
                    self._begin(BULK, name, token, run_task, (task_id,), taken=taken)

    def _kinds_with_room(self) -> Iterator[str]:
        """For each queue that may run more here, its kinds as a condition."""
        with self._lock:
            busy = Counter(self._running.values())
        for queue in (ORDERS, SYNC, BULK):
            kinds = [kind for kind in installed.flows if _queue_of(kind) == queue]
            if kinds and busy[queue] < settings.OPERATOR.worker_threads:
                yield _one_of(kinds)

    def _take_room(self, queue: str, name: str) -> bool:
        """Whether one more of `queue` may run here; if so, it counts from now on."""
        with self._lock:
            if name in self._running or Counter(self._running.values())[queue] >= settings.OPERATOR.worker_threads:
                return False
            self._running[name] = queue
            return True

    def _taken(self, name: str, row: QuerySet[Any]) -> bool:
        """Whether this process is the one that starts it. Where the database does not answer, it waits for anybody."""
        try:
            return bool(row.filter(started=False).update(started=True))
        except Exception:
            self.ended(name)
            raise

    def _forget_others(self) -> None:
        """Stop counting what DBOS did not begin here: another process was faster with the very same workflow."""
        with self._lock:
            names = list(self._running)
        for name in names:
            what, number, *rest = name.split(":")
            with scopes_disabled():
                gone = (
                    not Lane.objects.filter(id=number, epoch=rest[0], awake=True).exists()
                    if what == "lane"
                    else not Task.objects.filter(id=number, state__in=[TaskState.QUEUED, TaskState.RUNNING]).exists()
                )
            if gone:
                self.ended(name)

    def _begin(
        self, queue: str, name: str, token: str, work: Callable[..., None], arguments: tuple[int, ...], *, taken: bool
    ) -> None:
        if not taken:  # by another process
            self.ended(name)
            return
        try:
            with SetWorkflowID(name + token):
                DBOS.start_workflow(work, *arguments)
        except Exception:  # the sweep looks after it
            self.ended(name)
            log.exception("could not start", workflow=name, queue=queue)


# Asked five times a second by each process: written out, it takes a tenth of the ORM's time.
AT_ONCE = 200
_WAITING_LANES = (
    "select id, kind, epoch, token from sync_lane where awake and not started {kinds} order by woken_at limit {at_most}"
)
_WAITING_TASKS = (
    "select id, token from sync_task where not started and state in ('queued', 'running') {kinds} "
    "order by id limit {at_most}"
)


def _rows(query: str, kinds: str = "") -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query.format(kinds=kinds, at_most=AT_ONCE))
        return list(cursor.fetchall())


def _one_of(kinds: Iterable[str]) -> str:
    """The condition that a row is of one of these kinds."""
    names = ", ".join(map(repr, kinds)) or "''"
    return f"and kind in ({names})"


def _queue_of(kind: str) -> str:
    return installed.flows[kind].queue if kind in installed.flows else SYNC


_dispatcher: Dispatcher | None = None


def _ended(name: str) -> None:
    if _dispatcher is not None:
        _dispatcher.ended(name)


class DurableClient:
    """The engine as any process sees it: what is woken stands in the database, so that a worker takes it.

    A process that runs no workflows (the web, a command) needs nothing of DBOS for that.
    """

    patience_seconds = 5.0

    def __init__(self) -> None:
        self._made: DBOSClient | None = None

    @property
    def _client(self) -> DBOSClient:
        if self._made is None:
            self._made = DBOSClient(
                **_database(), serializer=DBOSPortableJSONSerializer(), application_name="twinshelf", lazy=True
            )
        return self._made

    def wake(self, lane_id: int, epoch: int, queue: str) -> None:  # noqa: ARG002 - its row says it
        """As `Engine.wake`: the row of the lane is what a worker takes, so a worker of this process looks now."""
        self._nudge()

    def run_task(self, task_id: int) -> None:  # noqa: ARG002 - its row says it
        """As `Engine.run_task`."""
        self._nudge()

    def _nudge(self) -> None:
        if _dispatcher is not None:
            _dispatcher.nudge()

    def status(self, lane_id: int, epoch: int) -> WorkState:
        """As `Engine.status`. What waits for a worker counts as running: nobody has to look after it."""
        row = Lane.objects.filter(id=lane_id, epoch=epoch).values_list("started", "token").first()
        if row is None:
            return "missing"
        return self._status(_drain_id(lane_id, epoch, row[1])) if row[0] else "running"

    def task_status(self, task_id: int) -> WorkState:
        """As `Engine.task_status`."""
        with scopes_disabled():
            row = Task.objects.filter(id=task_id).values_list("started", "token").first()
        if row is None:
            return "missing"
        return self._status(_task_id(task_id, row[1])) if row[0] else "running"

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
            self._client.resume_workflow(orphan.workflow_id)  # on DBOS's own queue, which every worker polls
        return len(orphans)

    def close(self) -> None:
        """Let go of the engine's database."""
        if self._made is not None:
            self._made.destroy()
            self._made = None


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
    global _process_client, _dispatcher  # noqa: PLW0603 - one per process
    lease = leases.take(settings.OPERATOR.slot)
    config: DBOSConfig = {
        "name": "twinshelf",
        "application_version": CONTRACT,
        "executor_id": lease.slot,
        "log_level": "WARNING",
        "serializer": DBOSPortableJSONSerializer(),
        "sys_db_pool_size": 20,
        "scheduler_polling_interval_sec": 3600.0,  # the timetables are our own
        "max_executor_threads": max(32, settings.OPERATOR.worker_threads * 4),
        "use_listen_notify": False,
        **_database(),  # type: ignore[typeddict-item]
    }
    DBOS(config=config)
    DBOS.listen_queues([])
    drain.use_threads(settings.OPERATOR.worker_threads * 2)
    _process_client = DurableClient()
    _dispatcher = Dispatcher()
    DBOS.launch()
    lease.keep(on_death=_process_client.rescue)
    _dispatcher.start()
    return _process_client, lease


def shutdown(lease: leases.Lease) -> None:
    """Stop taking work, finish what runs for a moment, give the slot back."""
    global _dispatcher  # noqa: PLW0603 - one per process
    if _dispatcher is not None:
        _dispatcher.stop()
    DBOS.destroy(workflow_completion_timeout_sec=5)
    _dispatcher = None
    lease.give_back()
    drain.use_threads(0)
    if _process_client is not None:
        _process_client.close()


def _drain_id(lane_id: int, epoch: int, token: str) -> str:
    return f"lane:{lane_id}:{epoch}:{token}"


def _task_id(task_id: int, token: str) -> str:
    return f"task:{task_id}:{token}"
