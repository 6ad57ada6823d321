"""A recipe of some megabytes, submitted by a face to a farm of real peers."""

import csv

from musep2p.batchfile.reader import read_batch
from musep2p.core.recipe import encode_recipe
from tests.live.farm import until


def test_a_table_of_thousands_of_rows_reaches_every_peer(farm):
    """Uploaded in pieces, fetched by digest, run by both, the same row for the same index."""
    with (farm.base / "rows.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["branch", "text"])
        writer.writerows([f"B{i:05d}", "x" * 500 + str(i)] for i in range(8000))
    batch = farm.batch(
        "name: big\nengine: sleep\nparams: {ms: 0}\nrows: rows.csv\naxes: {fail_at: ['']}\noutput: '{{branch}}'\n"
        "include: {branch: [B00000, B04000, B07999]}\n"
    )
    farm.start("p1")
    farm.start("p2", "--peer", farm.addresses["p1"])
    farm.wait_up(2, "p1")
    farm.wait_up(2, "p2")
    farm.run("submit", batch, state="p1", check=0)
    until(lambda: farm.run("status", "big", state="p2").returncode == 0, "p2 has fetched the recipe")
    until(lambda: len(farm.results("p2")) == 3, "p2 has heard of the results")
    rows = farm.results("p2")

    assert len(encode_recipe(read_batch(batch).recipe)) > 4_000_000
    assert [row["index"] for row in rows] == [0, 4000, 7999]
    assert [row["path"].rpartition("/")[2] for row in rows] == ["0000_B00000.bin", "4000_B04000.bin", "7999_B07999.bin"]
    farm.run("submit", batch, state="p2", check=0)
