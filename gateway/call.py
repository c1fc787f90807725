"""The call of one event: its slot, the account's permission, one request, and what the account learns from it."""

from dataclasses import replace
from datetime import UTC, datetime
from time import monotonic, perf_counter

from gateway import metrics, tracing
from gateway.attempt import attempt, code_label, overdue, trouble
from gateway.decode import Work
from gateway.desk import Desk
from gateway.gate import Permit
from gateway.outcome import Ending, Paused, Stopped
from gateway.parcel import Parcel
from gateway.steady import time
from gateway.steps import Steps, no_steps
from gateway.transport import only_while


class Call:
    """Made once at the most. `deadline` (Unix seconds) is when nobody waits for its answer any more."""

    def __init__(self, desk: Desk, parcel: Parcel, work: Work, deadline: float | None) -> None:
        self._work = work
        self._desk = desk
        self._parcel = parcel
        self._deadline = deadline
        self._doubted = False

    async def make(self) -> tuple[Ending, bool] | None:
        """The ending, and whether the event pays for the attempt; None where the platform may not be asked."""
        interactive, gate = self._work.operation.interactive, self._desk.gate
        async with self._desk.pace.slot(interactive=interactive):
            if overdue(self._deadline):
                return None
            permit = gate.enter() if interactive else await gate.turn()
            return None if permit is None else await self._make_with(permit)

    async def _make_with(self, permit: Permit) -> tuple[Ending, bool]:
        """The ending, and whether the event pays for the attempt."""
        try:
            only_while(self._desk.lease.sure)
            await self._desk.lease.sure()
            steps = await self._steps()
            self._parcel.begun = True
            self._doubted = self._parcel.sent_at is not None
            if self._work.operation.repeat.noted_before and not self._work.operation.several_calls:
                await steps.sending()
            began = monotonic()
            ending = await self._send(steps)
            return ending, self._tell_gate(permit, ending, began)
        finally:
            self._desk.gate.leave(permit)

    async def _send(self, steps: Steps) -> Ending:
        names, desk, operation = self._desk.names, self._desk, self._work.operation
        in_flight = metrics.child(metrics.IN_FLIGHT, names.platform, names.account)
        started = perf_counter()
        told, trace = desk.account.settings.send_trace_context, self._parcel.trace
        with in_flight.track_inprogress(), tracing.calling(f"{names.platform}.{operation.name}", trace, told=told):
            ending = await attempt(operation, desk.client, self._work.data, steps, uncertain=self._doubted)
            code = code_label(ending)
            tracing.tell(code=code)
        seconds = perf_counter() - started
        self._parcel.took = seconds
        labels = (names.platform, names.account, operation.name, code)
        metrics.child(metrics.PLATFORM_CALL, *labels).observe(seconds)
        return ending

    async def _steps(self) -> Steps:
        key, operation = self._parcel.key, self._work.operation
        if key is None or not (operation.several_calls or operation.repeat.noted_before):
            return no_steps()
        replay = self._parcel.delivery.replay
        steps = await self._desk.ledger.steps(key, replay) if operation.several_calls else no_steps()
        return steps.watched(self._desk.settler.insist, self._note_sending)

    async def _note_sending(self) -> None:
        sent_at = datetime.now(UTC).isoformat(timespec="milliseconds")
        await self._desk.settler.note(replace(self._parcel, sent_at=sent_at))
        self._parcel.sent_at = sent_at

    async def not_sent(self) -> None:
        """Take the note back before anything else can fail: nobody may take the call for one that left.

        Where an earlier call is in doubt it stays, whatever became of this one.
        """
        if self._parcel.sent_at is not None and not self._doubted:
            self._parcel.sent_at = None
            await self._desk.settler.insist(lambda: self._desk.settler.note(self._parcel))

    def _tell_gate(self, permit: Permit, ending: Ending, began: float) -> bool:
        """What the account learns from the call, and whether the event pays for it."""
        gate, pace = self._desk.gate, self._desk.pace
        if (bad := trouble(ending)) is not None:
            failed_at = self._parcel.delivery.failed_at
            ago = None if failed_at is None else max(0.0, time() - failed_at)
            pays = gate.failed(permit, bad, self._parcel.about.event_id or "", ago)
            pace.failed(began, throttled=bad.throttled, down=gate.state == "paused")
            return pays
        if not isinstance(ending, Paused | Stopped):
            gate.answered(permit)
            pace.answered()
        return True
