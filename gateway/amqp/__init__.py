"""What every event passes, below the client library's channels: frames in, frames out, confirms, acknowledgements.

The library makes futures, locks, timers and a task for each message; here it is a few steps for each, and one system
call for many. Everything else on a channel, its opening and closing above all, is the library's.
"""
