"""The public contract as files for services in any language: JSON Schemas and an AsyncAPI document."""
