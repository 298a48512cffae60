"""The open loop's compiled form: it keeps time at rates for which Python is too slow.

It sleeps while nothing is due: who never sleeps keeps the system's own threads from the processor,
those that write a server's journal among them.
"""

from libc.errno cimport EAGAIN, EINTR, errno
from libc.stdlib cimport atoi
from libcpp.deque cimport deque
from libcpp.string cimport npos, string
from libcpp.vector cimport vector
from posix.time cimport CLOCK_MONOTONIC, clock_gettime, timespec

import numpy as np

cdef extern from "<sys/socket.h>" nogil:
    Py_ssize_t send(int file, const void* data, size_t size, int flags)
    Py_ssize_t recv(int file, void* data, size_t size, int flags)
    int MSG_DONTWAIT, MSG_NOSIGNAL

cdef extern from "<poll.h>" nogil:
    struct pollfd:
        int fd
        short events, revents
    int ppoll(pollfd* files, unsigned long number, const timespec* limit, const void* signals)
    short POLLIN

cdef extern from "<strings.h>" nogil:
    int strncasecmp(const char* one, const char* other, size_t size)


cdef struct Wire:
    int file
    Py_ssize_t request  # the number of the one under way; below 0: free
    const char* unsent
    size_t left  # of it
    string received


cdef double seconds() noexcept nogil:
    cdef timespec now
    clock_gettime(CLOCK_MONOTONIC, &now)
    return now.tv_sec + 1e-9 * now.tv_nsec


def open_loop(list files, list messages, double[::1] intended, double grace_s):
    """When each request was answered with 200, in seconds like `intended` (n,), and how many not.

    Infinite where no good answer came until `grace_s` behind the last intended time. Raises
    ConnectionError where the server closes a connection.
    """
    answered = np.full(len(intended), np.inf)
    cdef double[::1] to = answered
    cdef vector[Wire] wires
    cdef vector[string] bodies = messages
    cdef Wire wire
    cdef long refused
    for file in files:
        wire.file, wire.request, wire.left = file, -1, 0
        wires.push_back(wire)
    with nogil:
        refused = run(wires, bodies, intended, to, grace_s)
    if refused < 0:
        raise ConnectionError("the server closed a connection under load")
    return answered, refused


cdef long run(
    vector[Wire]& wires, const vector[string]& bodies, double[::1] intended, double[::1] answered,
    double grace_s,
) noexcept nogil:
    """How many requests were answered with another status; -1 without connection."""
    cdef vector[pollfd] polled
    cdef deque[size_t] free
    cdef pollfd watched
    cdef size_t i, busy = 0, sent = 0, n = intended.shape[0]
    cdef long refused = 0
    cdef int status, ready
    cdef double start, now, due
    cdef timespec limit
    for i in range(wires.size()):
        watched.fd, watched.events, watched.revents = wires[i].file, POLLIN, 0
        polled.push_back(watched)
        free.push_back(i)
    start = seconds() + 0.01
    while sent < n or busy:
        now = seconds() - start
        while not free.empty() and sent < n and intended[sent] <= now:
            i = free.front()
            free.pop_front()
            busy += 1
            wires[i].request = sent
            wires[i].unsent = bodies[sent % bodies.size()].data()
            wires[i].left = bodies[sent % bodies.size()].size()
            sent += 1
            if not push(wires[i]):
                return -1
        if now > intended[n - 1] + grace_s:
            break
        due = intended[sent] - now if sent < n and not free.empty() else 0.001
        limit.tv_sec, limit.tv_nsec = 0, <long>(1e9 * min(max(due, 0.0), 0.001))
        ready = ppoll(polled.data(), polled.size(), &limit, NULL)
        for i in range(polled.size()):
            if wires[i].left and not push(wires[i]):
                return -1
            if ready <= 0 or not polled[i].revents:
                continue
            status = pull(wires[i])
            if status < 0 or (status and wires[i].request < 0):
                return -1
            if status:
                if status == 200:
                    answered[wires[i].request] = seconds() - start
                else:
                    refused += 1
                wires[i].request = -1
                busy -= 1
                free.push_back(i)
    return refused


cdef bint push(Wire& wire) noexcept nogil:
    """Send what can be sent; false if the connection is gone."""
    cdef Py_ssize_t done
    while wire.left:
        done = send(wire.file, wire.unsent, wire.left, MSG_DONTWAIT | MSG_NOSIGNAL)
        if done < 0:
            return errno == EAGAIN or errno == EINTR
        wire.unsent += done
        wire.left -= done
    return True


cdef int pull(Wire& wire) noexcept nogil:
    """The status of the answer that is now complete; 0 while it is not, -1 without connection."""
    cdef char[65536] data
    cdef Py_ssize_t done = recv(wire.file, data, 65536, MSG_DONTWAIT)
    cdef int status
    if done <= 0:
        return 0 if done < 0 and (errno == EAGAIN or errno == EINTR) else -1
    wire.received.append(data, done)
    status = whole(wire.received)
    if status:
        wire.received.clear()
    return status


cdef int whole(const string& received) noexcept nogil:
    """The status of a whole answer; 0 if bytes are missing."""
    cdef size_t head = received.find(b"\r\n\r\n"), line
    cdef long length = -1
    if head == npos:
        return 0
    line = received.find(b"\r\n")
    while line < head:
        if strncasecmp(received.data() + line + 2, b"content-length:", 15) == 0:
            length = atoi(received.data() + line + 17)
        line = received.find(b"\r\n", line + 2)
    if length < 0:  # in chunks
        if received.size() < 5 or received.compare(received.size() - 5, 5, b"0\r\n\r\n") != 0:
            return 0
    elif received.size() < head + 4 + length:
        return 0
    return atoi(received.data() + 9)
