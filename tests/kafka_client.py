"""A Kafka producer and librdkafka's mock cluster for tests, over the library that whittle links, so that tests need no
package of Python. Messages are (key, value, headers) with bytes or None."""

import ctypes
import ctypes.util

_LIBRARY = ctypes.util.find_library("rdkafka") or "librdkafka.so.1"


def _load():
    library = ctypes.CDLL(_LIBRARY)
    pointer, text, number = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int
    signatures = {
        "rd_kafka_conf_new": (pointer, []),
        "rd_kafka_conf_set": (number, [pointer, text, text, text, ctypes.c_size_t]),
        "rd_kafka_new": (pointer, [number, pointer, text, ctypes.c_size_t]),
        "rd_kafka_destroy": (None, [pointer]),
        "rd_kafka_topic_new": (pointer, [pointer, text, pointer]),
        "rd_kafka_topic_destroy": (None, [pointer]),
        "rd_kafka_produce": (number, [pointer, ctypes.c_int32, number, text, ctypes.c_size_t, text, ctypes.c_size_t,
                                      pointer]),
        "rd_kafka_poll": (number, [pointer, number]),
        "rd_kafka_flush": (number, [pointer, number]),
        "rd_kafka_outq_len": (number, [pointer]),
        "rd_kafka_last_error": (number, []),
        "rd_kafka_err2str": (text, [number]),
        "rd_kafka_headers_new": (pointer, [ctypes.c_size_t]),
        "rd_kafka_header_add": (number, [pointer, text, ctypes.c_ssize_t, text, ctypes.c_ssize_t]),
        "rd_kafka_mock_cluster_new": (pointer, [pointer, number]),
        "rd_kafka_mock_cluster_destroy": (None, [pointer]),
        "rd_kafka_mock_cluster_bootstraps": (text, [pointer]),
        "rd_kafka_mock_topic_create": (number, [pointer, text, number, number]),
        "rd_kafka_mock_topic_set_error": (None, [pointer, text, number]),
        "rd_kafka_mock_push_request_errors_array": (number, [pointer, ctypes.c_int16, ctypes.c_size_t,
                                                             ctypes.POINTER(number)]),
        "rd_kafka_mock_broker_set_down": (number, [pointer, ctypes.c_int32]),
        "rd_kafka_mock_broker_set_up": (number, [pointer, ctypes.c_int32]),
        "rd_kafka_query_watermark_offsets": (number, [pointer, text, ctypes.c_int32,
                                                      ctypes.POINTER(ctypes.c_int64), ctypes.POINTER(ctypes.c_int64),
                                                      number]),
        "rd_kafka_NewTopic_new": (pointer, [text, number, number, text, ctypes.c_size_t]),
        "rd_kafka_NewTopic_destroy": (None, [pointer]),
        "rd_kafka_queue_new": (pointer, [pointer]),
        "rd_kafka_queue_destroy": (None, [pointer]),
        "rd_kafka_queue_poll": (pointer, [pointer, number]),
        "rd_kafka_event_destroy": (None, [pointer]),
        "rd_kafka_event_error": (number, [pointer]),
        "rd_kafka_event_error_string": (text, [pointer]),
        "rd_kafka_CreateTopics": (None, [pointer, ctypes.POINTER(pointer), ctypes.c_size_t, pointer, pointer]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


_rd = _load()
_PRODUCER = 0
_COPY = 0x2
_QUEUE_FULL = -184
UNKNOWN_TOPIC = 3
COORDINATOR_LOADING = 14
UNKNOWN_MEMBER = 25
JOIN_GROUP, SYNC_GROUP = 11, 14  # keys of Kafka's protocol
# rd_kafka_vtype_t, for messages with headers.
_END, _TOPIC, _V_PARTITION, _V_VALUE, _V_KEY, _V_MSGFLAGS, _V_HEADERS = 0, 1, 3, 4, 5, 7, 10


class Producer:
    """Produces; everything is acknowledged when `flush` returns, and stands in the order in which it was sent, though a
    topic that has just been made refuses the first of it."""

    def __init__(self, brokers, **properties):
        conf = _rd.rd_kafka_conf_new()
        reason = ctypes.create_string_buffer(512)
        settings = {"bootstrap.servers": brokers, "log_level": "0", "message.max.bytes": "40000000",
                    "queue.buffering.max.messages": "1000000", "linger.ms": "5",
                    "max.in.flight.requests.per.connection": "1"} | properties
        for name, value in settings.items():
            if _rd.rd_kafka_conf_set(conf, name.encode(), value.encode(), reason, 512) != 0:
                raise ValueError(reason.value.decode())
        self.handle = _rd.rd_kafka_new(_PRODUCER, conf, reason, 512)
        if not self.handle:
            raise ValueError(reason.value.decode())
        self.topics = {}

    def topic(self, name):
        if name not in self.topics:
            self.topics[name] = _rd.rd_kafka_topic_new(self.handle, name.encode(), None)
        return self.topics[name]

    def send(self, topic, partition, value, key=None, headers=None):
        if headers:
            return self._send_with_headers(topic, partition, value, key, headers)
        while _rd.rd_kafka_produce(self.topic(topic), partition, _COPY, value, 0 if value is None else len(value), key,
                                   0 if key is None else len(key), None) != 0:
            if _rd.rd_kafka_last_error() != _QUEUE_FULL:
                raise OSError(_rd.rd_kafka_err2str(_rd.rd_kafka_last_error()).decode())
            _rd.rd_kafka_poll(self.handle, 100)

    def _send_with_headers(self, topic, partition, value, key, headers):
        made = _rd.rd_kafka_headers_new(len(headers))
        for name, content in headers:
            _rd.rd_kafka_header_add(made, name.encode(), -1, content, -1 if content is None else len(content))
        c = ctypes
        function = _rd.rd_kafka_producev  # variadic: every argument says its type
        error = function(
            c.c_void_p(self.handle), c.c_int(_TOPIC), c.c_char_p(topic.encode()), c.c_int(_V_PARTITION),
            c.c_int32(partition), c.c_int(_V_VALUE), c.c_char_p(value), c.c_size_t(0 if value is None else len(value)),
            c.c_int(_V_KEY), c.c_char_p(key), c.c_size_t(0 if key is None else len(key)), c.c_int(_V_MSGFLAGS),
            c.c_int(_COPY), c.c_int(_V_HEADERS), c.c_void_p(made), c.c_int(_END))
        if error != 0:
            raise OSError(_rd.rd_kafka_err2str(error).decode())

    def flush(self, timeout_s=60):
        _rd.rd_kafka_flush(self.handle, int(timeout_s * 1000))
        if left := _rd.rd_kafka_outq_len(self.handle):
            raise TimeoutError(f"{left} messages were not acknowledged")

    def end_offset(self, topic, partition):
        low, high = ctypes.c_int64(), ctypes.c_int64()
        error = _rd.rd_kafka_query_watermark_offsets(self.handle, topic.encode(), partition, low, high, 10_000)
        if error != 0:
            raise OSError(_rd.rd_kafka_err2str(error).decode())
        return high.value

    def create_topic(self, name, partitions):
        reason = ctypes.create_string_buffer(512)
        wanted = (ctypes.c_void_p * 1)(_rd.rd_kafka_NewTopic_new(name.encode(), partitions, 1, reason, 512))
        queue = _rd.rd_kafka_queue_new(self.handle)
        _rd.rd_kafka_CreateTopics(self.handle, wanted, 1, None, queue)
        event = _rd.rd_kafka_queue_poll(queue, 30_000)
        error = _rd.rd_kafka_event_error(event) if event else -1
        if event:
            _rd.rd_kafka_event_destroy(event)
        _rd.rd_kafka_queue_destroy(queue)
        _rd.rd_kafka_NewTopic_destroy(wanted[0])
        if error != 0:
            raise OSError(f"cannot create {name}: {_rd.rd_kafka_err2str(error).decode()}")

    def close(self):
        for topic in self.topics.values():
            _rd.rd_kafka_topic_destroy(topic)
        self.topics = {}
        if self.handle:
            _rd.rd_kafka_destroy(self.handle)
        self.handle = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class MockCluster:
    """Brokers inside this process, on loopback; they live as long as this object."""

    def __init__(self, topics, brokers=1):
        conf = _rd.rd_kafka_conf_new()
        reason = ctypes.create_string_buffer(512)
        _rd.rd_kafka_conf_set(conf, b"log_level", b"0", reason, 512)
        self.owner = _rd.rd_kafka_new(_PRODUCER, conf, reason, 512)
        self.cluster = _rd.rd_kafka_mock_cluster_new(self.owner, brokers)
        self.brokers = _rd.rd_kafka_mock_cluster_bootstraps(self.cluster).decode()
        for name, partitions in topics.items():
            _rd.rd_kafka_mock_topic_create(self.cluster, name.encode(), partitions, 1)

    def create_topic(self, name, partitions):
        _rd.rd_kafka_mock_topic_create(self.cluster, name.encode(), partitions, 1)

    def set_topic_error(self, name, error):
        """What brokers say when they are asked about the topic: a code of Kafka's protocol, 0 for none."""
        _rd.rd_kafka_mock_topic_set_error(self.cluster, name.encode(), error)

    def push_errors(self, request, errors):
        """What brokers say to the next requests with this key, one by one; 0: what they would say anyway."""
        codes = (ctypes.c_int * len(errors))(*errors)
        _rd.rd_kafka_mock_push_request_errors_array(self.cluster, request, len(errors), codes)

    def set_down(self, broker=1):
        _rd.rd_kafka_mock_broker_set_down(self.cluster, broker)

    def set_up(self, broker=1):
        _rd.rd_kafka_mock_broker_set_up(self.cluster, broker)

    def close(self):
        _rd.rd_kafka_mock_cluster_destroy(self.cluster)
        _rd.rd_kafka_destroy(self.owner)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
