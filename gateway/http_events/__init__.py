"""`POST /events`: the CloudEvents HTTP binding for services without AMQP (DESIGN §3)."""
