"""Reading what clients say to a broker, against frames written by hand from the specification."""

from tests.faults.oracle.amqp import Frames

GREETING = b"AMQP\x00\x00\x09\x01"
PUBLISH = b"\x01\x00\x02\x00\x00\x00\x19\x00\x3c\x00\x28\x00\x00\x0fgateway.results\x01k\x01\xce"
BODY = b"\x03\x00\x02\x00\x00\x00\x03{\xce}\xce"
ACK = b"\x01\x00\x01\x00\x00\x00\x0d\x00\x3c\x00\x50\x00\x00\x00\x00\x00\x00\x00\x07\x00\xce"
HEARTBEAT = b"\x08\x00\x00\x00\x00\x00\x00\xce"
ALL = (GREETING, PUBLISH, BODY, ACK, HEARTBEAT)


def test_a_stream_is_cut_into_its_frames_and_none_of_its_bytes_is_lost() -> None:
    assert [frame.raw for frame in Frames().feed(b"".join(ALL))] == list(ALL)


def test_frames_that_arrive_byte_by_byte_are_the_same() -> None:
    frames = Frames()
    found = [frame.raw for byte in b"".join(ALL) for frame in frames.feed(bytes([byte]))]
    assert found == list(ALL)


def test_a_publish_says_to_which_exchange_and_an_acknowledgement_that_it_is_one() -> None:
    found = Frames().feed(b"".join(ALL))
    assert [frame.exchange for frame in found] == [None, "gateway.results", None, None, None]
    assert [frame.acknowledges for frame in found] == [False, False, False, True, False]
