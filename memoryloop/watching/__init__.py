"""What an operator may watch: durations, gauges and traces, each off unless it is asked for.

The program records what it does here (`measures`, `gauges`, `spans`), and does not know who
listens: Prometheus (`prometheus`), an OpenTelemetry collector (`telemetry`) or, by default, nobody.
Nothing that is recorded tells of a person: no text, id, address or key.
"""
