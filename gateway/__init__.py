"""The core: moves events between RabbitMQ and the platforms, and names no platform."""
