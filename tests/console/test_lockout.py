"""Wrong passwords: by user and by address, for a time that grows, forgotten in the end."""

from gateway.console.lockout import FREE, FREE_OF_ADDRESS, LONGEST_SECONDS, MOST_REMEMBERED, Lockout


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_fifth_wrong_password_locks_the_user_wherever_it_is_tried_from() -> None:
    clock = Clock()
    lockout = Lockout(clock)
    for number in range(FREE - 1):
        assert lockout.failed("anna", f"10.0.0.{number}") == 0
    assert lockout.failed("anna", "10.0.0.9") == 30
    assert lockout.seconds_left("anna", "10.9.9.9") == 30
    assert lockout.seconds_left("olga", "10.0.0.1") == 0
    clock.now += 29.5
    assert lockout.seconds_left("anna", "10.9.9.9") == 0.5
    clock.now += 0.5
    assert lockout.seconds_left("anna", "10.9.9.9") == 0


def test_each_further_one_doubles_the_time_up_to_a_quarter_of_an_hour() -> None:
    clock = Clock()
    lockout = Lockout(clock)
    locked = []
    for number in range(FREE + 8):
        locked.append(lockout.failed("anna", f"10.0.1.{number}"))
        clock.now += locked[-1]
    assert locked[FREE - 1 :] == [30, 60, 120, 240, 480, LONGEST_SECONDS, LONGEST_SECONDS, LONGEST_SECONDS, 900]


def test_an_address_that_tries_many_names_is_locked_for_every_name() -> None:
    lockout = Lockout(Clock())
    for number in range(FREE_OF_ADDRESS):
        lockout.failed(f"user-{number}", "10.0.0.1")
    assert lockout.seconds_left("anna", "10.0.0.1") == 30
    assert lockout.seconds_left("anna", "10.0.0.2") == 0


def test_the_right_password_frees_the_user_and_counts_not_against_the_address() -> None:
    lockout = Lockout(Clock())
    for _ in range(FREE_OF_ADDRESS * 3):
        lockout.failed("anna", "10.0.0.1")
        lockout.succeeded("anna", "10.0.0.1")
    assert lockout.seconds_left("anna", "10.0.0.1") == 0


def test_a_user_of_ones_own_does_not_free_an_address_that_guesses() -> None:
    lockout = Lockout(Clock())
    for number in range(FREE_OF_ADDRESS):
        lockout.failed(f"guess-{number}", "10.0.0.1")
        lockout.failed("mine", "10.0.0.1")
        lockout.succeeded("mine", "10.0.0.1")
    assert lockout.seconds_left("anna", "10.0.0.1") > 0


def test_an_hour_without_a_wrong_password_is_a_new_beginning() -> None:
    clock = Clock()
    lockout = Lockout(clock)
    for _ in range(FREE + 3):
        lockout.failed("anna", "10.0.0.1")
    clock.now += 3601
    assert lockout.failed("anna", "10.0.0.1") == 0


def test_made_up_names_fill_no_memory() -> None:
    lockout = Lockout(Clock())
    for number in range(MOST_REMEMBERED):
        lockout.failed(f"name-{number}", f"address-{number}")
    assert lockout.remembered == MOST_REMEMBERED
