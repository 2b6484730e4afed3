"""Prints the hexadecimal records that event_record_test.cc expects, made with TensorBoard's own
writer and protobuf classes. Needs: pip install tensorboard (2.21.0 was used)."""

import io

from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter


def show(name, event):
    out = io.BytesIO()
    RecordWriter(out).write(event.SerializeToString())
    print(name, out.getvalue().hex())


show("VERSION", Event(wall_time=1700000000.25, file_version="brain.Event:2"))
show(
    "SCALARS",
    Event(
        wall_time=1700000000.5,
        step=300,
        summary=Summary(
            value=[
                Summary.Value(tag="first/reward", simple_value=0.5),
                Summary.Value(tag="eval/success", simple_value=-1.25),
            ]
        ),
    ),
)
show(
    "SESSION",
    Event(wall_time=1700000001, step=41, session_log=SessionLog(status=SessionLog.START)),
)
