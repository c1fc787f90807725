"""Alembic's entry point. The caller hands in a connection, in the transaction that all changes belong to."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
