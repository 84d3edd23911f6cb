"""Fargate's sizes and prices."""

from __future__ import annotations

import pytest

from qabot.deployment import fargate_limits as fargate


@pytest.mark.parametrize(
    ("cpu", "smallest", "largest", "count"),
    [
        (256, 512, 2048, 3),
        (512, 1024, 4096, 4),
        (1024, 2048, 8192, 7),
        (2048, 4096, 16384, 13),
        (4096, 8192, 30720, 23),
        (8192, 16384, 61440, 12),
        (16384, 32768, 122880, 12),
    ],
)
def test_the_sizes_are_those_that_fargate_documents(
    cpu: int, smallest: int, largest: int, count: int
) -> None:
    sizes = fargate.SIZES[cpu]
    assert (sizes[0], sizes[-1], len(sizes)) == (smallest, largest, count)
    assert list(sizes) == sorted(set(sizes))


def test_next_size_takes_more_cpu_only_when_memory_is_at_its_end() -> None:
    assert fargate.next_size(1024, 4096) == (1024, 5120)
    assert fargate.next_size(1024, 4097) == (1024, 5120)
    assert fargate.next_size(8192, 16384) == (8192, 20480)
    assert fargate.next_size(1024, 8192) == (2048, 9216)
    assert fargate.next_size(16384, 122880) is None


def test_following_next_size_visits_only_valid_sizes_and_ends() -> None:
    size: tuple[int, int] | None = (256, 512)
    visited = []
    while size is not None:
        cpu, memory = size
        assert memory in fargate.SIZES[cpu]
        visited.append(memory)
        size = fargate.next_size(cpu, memory)
    assert visited == sorted(set(visited)), "each step must bring more memory"
    assert visited[-1] == 122880


def test_a_task_costs_what_the_price_page_says() -> None:
    # By hand: one vCPU and 4 GB for an hour, and its public address.
    assert fargate.cost(1024, 4096, 3600) == pytest.approx(0.04048 + 4 * 0.004445 + 0.005)
    assert fargate.cost(256, 512, 3600, "arm64") == pytest.approx(0.03238 / 4 + 0.00356 / 2 + 0.005)


def test_a_short_task_costs_a_whole_minute() -> None:
    assert fargate.cost(1024, 4096, 1) == fargate.cost(1024, 4096, 60)
    assert fargate.cost(1024, 4096, 61) > fargate.cost(1024, 4096, 60)


def test_spot_takes_up_to_seventy_per_cent_off_the_task_and_nothing_off_its_address() -> None:
    plain = fargate.cost(1024, 4096, 3600) - fargate.IPV4_USD_PER_HOUR
    spot = fargate.cost(1024, 4096, 3600, spot=True) - fargate.IPV4_USD_PER_HOUR
    assert spot == pytest.approx(0.3 * plain)


def test_a_thousand_questions_cost_about_a_dollar() -> None:
    assert fargate.cost(1024, 4096, 33, tasks=1000) == pytest.approx(1.05, abs=0.01)


def test_launching_is_paced_by_calls_first_and_by_the_bucket_after_it_is_empty() -> None:
    assert fargate.launch_seconds(1) == pytest.approx(0.05)
    assert fargate.launch_seconds(100) == pytest.approx(5)
    assert fargate.launch_seconds(1000) == pytest.approx(50)


def test_a_run_takes_longer_with_fewer_places_in_flight() -> None:
    assert fargate.run_seconds(0, 10) == 0
    single = fargate.run_seconds(1, 10)
    assert fargate.STARTUP_SECONDS < single < fargate.STARTUP_SECONDS + 5
    assert fargate.run_seconds(1000, 100) == pytest.approx(430)
    assert fargate.run_seconds(1000, 1000) < fargate.run_seconds(1000, 100)


def test_questions_that_share_a_task_wait_for_each_other_and_not_for_a_start() -> None:
    assert [fargate.tasks_for(number, 10) for number in (0, 1, 10, 11)] == [0, 1, 1, 2]
    assert fargate.answer_seconds(11) - fargate.answer_seconds(1) == pytest.approx(5)
    assert fargate.run_seconds(3, 10, 50) < fargate.run_seconds(50, 10, 50)
    assert fargate.run_seconds(1000, 100, 10) < fargate.run_seconds(1000, 100) / 5
