"""One machine, nothing installed: everything `make setup`, `make demo`, `make up` and the tests need."""
