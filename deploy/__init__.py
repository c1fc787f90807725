"""How the gateway runs outside a test: local nodes, requirements, images, rules and dashboards."""
