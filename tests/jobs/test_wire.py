"""Requests and events survive the pipe, whatever is in them, in whatever pieces they arrive."""

import io

from hypothesis import given
from hypothesis import strategies as st

from catstudio.core.types import Parent
from catstudio.jobs.events import AnyEvent, Done, Embedded, ImageMade, Progress, Warned
from catstudio.jobs.requests import GenerateRequest, ImportRequest, SeedImage
from catstudio.jobs.wire import AnyCommand, Cancel, Channel, Run, command_decoder, event_decoder

plain = st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False)
json_values = st.recursive(
    plain | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
options = st.dictionaries(st.text(), json_values, max_size=4)
events = st.one_of(
    st.builds(Progress, job_id=st.text(), done=st.floats(0, 9), total=st.floats(0, 9)),
    st.builds(
        ImageMade,
        job_id=st.text(),
        data=st.binary(),
        name=st.text(),
        parents=st.lists(st.builds(Parent, st.text(), st.floats(0, 1)), max_size=3).map(tuple),
        params=options,
    ),
    st.builds(
        Embedded,
        job_id=st.text(),
        backbone=st.text(),
        keys=st.lists(st.text(), max_size=3).map(tuple),
        dim=st.integers(0, 9),
        features=st.binary(),
    ),
    st.builds(Warned, job_id=st.text(), message=st.text()),
    st.builds(Done, job_id=st.text(), result=options),
)
commands = st.one_of(
    st.builds(Cancel, st.text()),
    st.builds(
        Run,
        st.one_of(
            st.builds(
                GenerateRequest,
                job_id=st.text(),
                method=st.text(),
                label=st.text(),
                count=st.integers(1, 9),
                seeds=st.lists(st.builds(SeedImage, st.text(), st.text()), max_size=3).map(tuple),
                options=options,
            ),
            st.builds(ImportRequest, job_id=st.text(), paths=st.lists(st.text()).map(tuple)),
        ),
    ),
)


@given(st.lists(events, max_size=4))
def test_events_arrive_as_sent(sent: list[AnyEvent]) -> None:
    pipe = io.BytesIO()
    out: Channel[AnyEvent, AnyCommand] = Channel(io.BytesIO(), pipe, command_decoder())
    for event in sent:
        out.send(event)
    back: Channel[AnyCommand, AnyEvent] = Channel(
        io.BytesIO(pipe.getvalue()), io.BytesIO(), event_decoder()
    )
    assert [back.receive() for _ in sent] == sent
    assert back.receive() is None


@given(commands, st.integers(0, 10_000))
def test_cut_stream_ends_instead_of_raising(sent: AnyCommand, cut: int) -> None:
    pipe = io.BytesIO()
    out: Channel[AnyCommand, AnyEvent] = Channel(io.BytesIO(), pipe, event_decoder())
    out.send(sent)
    data = pipe.getvalue()
    back: Channel[AnyEvent, AnyCommand] = Channel(
        io.BytesIO(data[:cut]), io.BytesIO(), command_decoder()
    )
    assert back.receive() == (sent if cut >= len(data) else None)
